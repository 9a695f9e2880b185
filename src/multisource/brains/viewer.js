// Two cortices that turn together. THREE is three.js; the page holds the arrays and says what they
// are (see pack.py, surface.py, scenes.py).
"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const tell = (text) => { $("problem").textContent = text; $("problem").hidden = false; };
  const about = JSON.parse($("about").textContent);
  const mesh = about.mesh;
  const STEP_MS = 450;

  // --- The arrays ---------------------------------------------------------------------------
  if (typeof DecompressionStream === "undefined") {
    tell("This browser is too old to open the page: use one of 2023 or later.");
    return;
  }
  const array = await unpack($("arrays").textContent);
  const points = (described) => inPlace(array, described);
  const shapes = { folded: points(mesh.folded), opened: points(mesh.opened) };
  const triangles = array(mesh.triangles), dipoles = array(mesh.dipoles);
  const positions = points(mesh.positions);
  const leftTriangles = triangles.findIndex((v) => v >= mesh.left);

  const spread = spreading(triangles, mesh.vertices, dipoles);

  // --- Three.js: one renderer whose picture is copied into both panels -----------------------
  let renderer;
  try {
    renderer = new THREE.WebGLRenderer({ antialias: true, alpha: false });
  } catch (error) {
    tell("This browser shows no 3D: WebGL is off or missing. The figures of the report show the same maps.");
    return;
  }
  renderer.setClearColor(0xffffff, 1);
  const bounds = new THREE.Box3().setFromArray(shapes.folded);
  const table = new Turntable(
    bounds.getCenter(new THREE.Vector3()), bounds.getSize(new THREE.Vector3()), redraw);

  const normals = {};
  for (const [name, place] of Object.entries(shapes)) {
    const whole = new THREE.BufferGeometry();
    whole.setAttribute("position", new THREE.BufferAttribute(place, 3));
    whole.setIndex(new THREE.BufferAttribute(triangles, 1));
    whole.computeVertexNormals();
    normals[name] = whole.getAttribute("normal");
  }
  const shared = {
    position: {
      folded: new THREE.BufferAttribute(shapes.folded, 3),
      opened: new THREE.BufferAttribute(shapes.opened, 3),
    },
    relief: new THREE.BufferAttribute(
      Float32Array.from(array(mesh.relief), (n) => n * mesh.reliefStep), 1),
    index: new THREE.BufferAttribute(triangles, 1),
  };
  const colours = {
    estimate: colourScale(array(about.colours.estimate)), truth: colourScale(array(about.colours.truth)),
  };

  // --- A panel --------------------------------------------------------------------------------
  class Panel {
    constructor(root) {
      this.root = root;
      this.canvas = root.querySelector("canvas");
      this.choice = root.querySelector("select");
      this.scene = new THREE.Scene();
      const geometry = this.geometry = new THREE.BufferGeometry();
      geometry.setIndex(shared.index);
      geometry.setAttribute("relief", shared.relief);
      for (const [name, size] of [["estimate", 1], ["truth", 1], ["region", 4]]) {
        geometry.setAttribute(name, new THREE.BufferAttribute(new Float32Array(size * mesh.vertices), size));
      }
      this.surface = paintedSurface(geometry);
      this.uniforms = this.surface.material.uniforms;
      this.scene.add(this.surface);
      this.markers = [];
      this.choice.addEventListener("change", () => this.show());
      this.reshape();
    }
    reshape() {
      this.geometry.setAttribute("position", shared.position[state.shape]);
      this.geometry.setAttribute("normal", normals[state.shape]);
      this.geometry.boundingSphere = new THREE.Sphere(table.middle, 2 * table.radius);
    }
    fill() {
      const before = this.choice.selectedOptions[0] && this.choice.selectedOptions[0].text;
      const names = [...(scene().truth ? ["Truth"] : []), ...scene().shown.map((one) => one.label)];
      this.choice.replaceChildren(...names.map((name) => new Option(name)));
      const index = names.indexOf(before);
      this.choice.selectedIndex = index >= 0 ? index : Math.min(this.root.dataset.panel, names.length - 1);
    }
    get method() {
      const index = this.choice.selectedIndex - (scene().truth ? 1 : 0);
      return index < 0 ? null : scene().shown[index];
    }
    // The dipoles' values, and the top of their colour scale.
    values() {
      const method = this.method;
      if (!method) {
        const values = new Float32Array(dipoles.length);
        const weights = array(scene().truth.coefficients);
        array(scene().truth.dipoles).forEach((d, k) => { values[d] = weights[k]; });
        return { values, top: 1 };
      }
      const all = array(method.levels), n = dipoles.length, own = method.highest[state.moment];
      const values = Float32Array.from(all.subarray(n * state.moment, n * (state.moment + 1)), (v) => v / 255 * own);
      return { values, top: method.probability ? Math.max(...method.highest) : own };
    }
    show() {
      const { values, top } = this.values();
      this.current = values;
      // As a share of the scale's top: the painter sees no method's unit.
      spread(values.map((v) => (top > 0 ? v / top : 0)), this.geometry.getAttribute("estimate").array);
      this.geometry.getAttribute("estimate").needsUpdate = true;
      const truth = scene().truth;
      if (truth) {
        const active = new Float32Array(dipoles.length);
        array(truth.dipoles).forEach((d) => { active[d] = 1; });
        spread(active, this.geometry.getAttribute("truth").array);
        this.geometry.getAttribute("truth").needsUpdate = true;
      }
      this.top = top;
      this.showSources();
      this.showScale();
      redraw();
    }
    showSources() {
      const method = this.method;
      const said = method && method.said ? method.said[state.moment] : null;
      const truth = scene().truth;
      const sources = said ? said.sources : [];
      const region = this.geometry.getAttribute("region");
      sources.forEach((source, k) => {
        const far = new Float32Array(dipoles.length);
        for (let d = 0; d < far.length; d++) far[d] = distance(d, source.dipole) - source.radius;
        spread(far, region.array, 4, k);
        const at = vertexPlace(source.dipole), up = vertexNormal(source.dipole);
        const east = new THREE.Vector3(0, 0, 1).cross(up);
        if (east.length() < 1e-3) east.set(1, 0, 0);
        this.uniforms.centres.value[k].copy(at);
        this.uniforms.easts.value[k].copy(east.normalize());
        this.uniforms.norths.value[k].copy(up.cross(east).normalize());
      });
      region.needsUpdate = true;
      this.uniforms.regions.value = $("regions").checked ? sources.length : 0;
      this.uniforms.drawTruth.value = truth && $("truth").checked ? 1 : 0;
      this.markers.forEach((object) => { this.scene.remove(object); object.geometry.dispose(); object.material.dispose(); });
      const marked = [
        ...($("truth").checked && truth ? truth.centres.map((d) => [0, d]) : []),
        ...($("regions").checked ? sources.map((source, k) => [k + 1, source.dipole]) : []),
      ];
      this.markers = marked.flatMap(([number, d]) => [true, false].map((faint) => {
        const object = marker(number, faint);
        vertexPlace(d).addScaledVector(vertexNormal(d), 1.5).toArray(object.geometry.attributes.position.array);
        object.userData.vertex = dipoles[d];
        this.scene.add(object);
        return object;
      }));
      this.root.querySelector(".said").replaceChildren(...lines(method, said, truth));
    }
    showScale() {
      const truth = !this.method;
      const low = truth ? 0 : this.top * state.threshold / 100;
      // A dipole without any activity stays grey.
      this.uniforms.lowest.value = Math.max(truth ? 0 : state.threshold / 100, 1e-6);
      this.uniforms.highest.value = this.top > 0 ? 1 : 0;
      const scale = truth ? colours.truth : colours.estimate;
      this.uniforms.colours.value = scale.texture;
      const bar = this.root.querySelector(".bar");
      const stops = Array.from({ length: 17 }, (_, k) => {
        const at = 3 * Math.round(255 * k / 16);
        return `rgb(${scale.rgb[at]},${scale.rgb[at + 1]},${scale.rgb[at + 2]})`;
      });
      bar.querySelector("i").style.background = `linear-gradient(to right, ${stops.join(",")})`;
      const number = (v) => (v === 0 ? "0" : Number(v.toPrecision(2)).toString());
      bar.querySelector(".low").textContent = number(low);
      bar.querySelector(".high").textContent = number(this.top);
      bar.querySelector(".unit").textContent = truth ? "true coefficient l" : this.method.unit;
    }
    draw() {
      const dpr = Math.min(window.devicePixelRatio || 1, 2);
      const box = this.canvas.getBoundingClientRect();
      const w = Math.max(1, Math.round(box.width * dpr)), h = Math.max(1, Math.round(box.height * dpr));
      if (this.canvas.width !== w || this.canvas.height !== h) { this.canvas.width = w; this.canvas.height = h; }
      const size = renderer.getDrawingBufferSize(new THREE.Vector2());
      if (size.x !== w || size.y !== h) { renderer.setPixelRatio(1); renderer.setSize(w, h, false); }
      table.aim(w / h);
      this.uniforms.thick.value = 2 * dpr;
      this.markers.forEach((object) => {
        object.material.uniforms.size.value = 42 * dpr;
        const left = object.userData.vertex < mesh.left;
        object.visible = state.side === "both" || (state.side === "left") === left;
      });
      const [from, to] = { both: [0, triangles.length], left: [0, leftTriangles], right: [leftTriangles, triangles.length] }[state.side];
      this.geometry.setDrawRange(from, to - from);
      renderer.render(this.scene, table.camera);
      this.canvas.getContext("2d").drawImage(renderer.domElement, 0, 0);
      letters(this.root);
    }
  }

  // --- Places and words -----------------------------------------------------------------------
  const distance = (a, b) => Math.hypot(
    positions[3 * a] - positions[3 * b], positions[3 * a + 1] - positions[3 * b + 1], positions[3 * a + 2] - positions[3 * b + 2]);
  const vertexPlace = (d) => new THREE.Vector3().fromArray(shapes[state.shape], 3 * dipoles[d]);
  const vertexNormal = (d) => new THREE.Vector3().fromArray(normals[state.shape].array, 3 * dipoles[d]);
  const mni = (d) => about.toMni.map((row) => Math.round(
    row[0] * positions[3 * d] + row[1] * positions[3 * d + 1] + row[2] * positions[3 * d + 2] + row[3]));
  const region = array(about.regions.number);
  const place = (d) => `${about.regions.names[region[d]]}, MNI ${mni(d).join(", ").replaceAll("-", "−")} mm`;
  const percent = (p) => (p > 0.995 ? "over 99 %" : p < 0.005 ? "under 1 %" : `${Math.round(100 * p)} %`);
  function lines(method, said, truth) {
    const line = (text) => { const p = document.createElement("li"); p.textContent = text; return p; };
    if (!method) return truth.centres.map((d) => line(`true centre: ${place(d)}`));
    if (!said) return [line("names no sources")];
    const found = said.sources.map((s, k) => {
      const nearest = truth ? Math.min(...truth.centres.map((d) => distance(d, s.dipole))) : null;
      const off = nearest === null || !isFinite(nearest) ? "" : `; nearest true centre ${Math.round(nearest)} mm away`;
      return line(`${k + 1}: probability ${percent(s.probability)}, ${place(s.dipole)}, its true centre within ${Math.round(s.radius)} mm (80 %)${off}`);
    });
    if (!found.length) found.push(line("names no source of 50 % or more"));
    if (said.presence !== null) found.unshift(line(`any source: ${percent(said.presence)}`));
    return found;
  }
  const AXES = [["R", "L"], ["A", "P"], ["S", "I"]];
  function letters(root) {
    const { right, up } = table.frame();
    for (const [side, vector] of [["e", right], ["w", right.clone().negate()], ["n", up], ["s", up.clone().negate()]]) {
      const parts = vector.toArray(), along = [0, 1, 2].reduce((a, b) => (Math.abs(parts[b]) > Math.abs(parts[a]) ? b : a));
      root.querySelector(`.letter.${side}`).textContent =
        Math.abs(parts[along]) > 0.8 ? AXES[along][parts[along] > 0 ? 0 : 1] : "";
    }
  }

  // --- What is shown now -----------------------------------------------------------------------
  const state = { scene: 0, moment: 0, shape: "folded", side: "both", threshold: 50 };
  const scene = () => about.scenes[state.scene];
  let planned = false;
  function redraw() {
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      panels.forEach((panel) => panel.draw());
      document.body.dataset.drawn = String(Number(document.body.dataset.drawn || 0) + 1);
    });
  }
  function look(name, at_once) {
    const { canvas } = panels[0];
    state.side = VIEWS[name][2];
    $("side").value = state.side;
    table.look(name, canvas.clientWidth / canvas.clientHeight, at_once);
  }

  // --- Pointing ------------------------------------------------------------------------------
  const HINT = $("pointed").textContent;
  const caster = new THREE.Raycaster();
  let pointing = false;
  function point(panel, event) {
    if (pointing || event.pointerType === "touch") return;
    pointing = true;
    requestAnimationFrame(() => {
      pointing = false;
      const box = panel.canvas.getBoundingClientRect();
      table.aim(box.width / box.height);
      caster.setFromCamera(new THREE.Vector2(
        2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height), table.camera);
      const hit = caster.intersectObject(panel.surface)[0];
      if (!hit) { $("pointed").textContent = HINT; return; }
      let nearest = 0, least = Infinity;
      const all = shapes[state.shape];
      dipoles.forEach((v, d) => {
        const far = (all[3 * v] - hit.point.x) ** 2 + (all[3 * v + 1] - hit.point.y) ** 2 + (all[3 * v + 2] - hit.point.z) ** 2;
        if (far < least && (v < mesh.left) === (hit.face.a < mesh.left)) { least = far; nearest = d; }
      });
      const said = panels.map((p) => `${p.choice.selectedOptions[0].text}: ${Number(p.current[nearest].toPrecision(3))}`);
      $("pointed").textContent = `${place(nearest)}. ${said.join("; ")}`;
    });
  }

  // --- The controls ----------------------------------------------------------------------------
  const panels = [...document.querySelectorAll("[data-panel]")].map((root) => new Panel(root));
  panels.forEach((panel) => {
    table.listen(panel.canvas, (event) => point(panel, event));
    panel.canvas.addEventListener("pointerleave", () => { $("pointed").textContent = HINT; });
  });
  const refresh = () => panels.forEach((panel) => panel.show());
  document.querySelectorAll("[data-view]").forEach((button) => {
    button.addEventListener("click", () => look(button.dataset.view));
  });
  $("side").addEventListener("change", () => { state.side = $("side").value; redraw(); });
  $("shape").addEventListener("change", () => {
    state.shape = $("shape").value;
    panels.forEach((panel) => { panel.reshape(); panel.showSources(); });
    redraw();
  });
  const threshold = () => {
    state.threshold = Number($("threshold").value);
    $("threshold-said").textContent = `${state.threshold} %`;
    panels.forEach((panel) => panel.showScale());
    redraw();
  };
  $("threshold").addEventListener("input", threshold);
  for (const name of ["truth", "regions"]) $(name).addEventListener("change", () => { panels.forEach((p) => p.showSources()); redraw(); });

  const moment = $("moment");
  function atMoment(number) {
    state.moment = number;
    moment.value = number;
    const { moments, strength } = scene();
    $("moment-said").textContent = moments[number] + (strength ? `, EEG ${strength[number].toPrecision(2)} µV (rms)` : "");
    $("now").setAttribute("x1", number + 0.5);
    $("now").setAttribute("x2", number + 0.5);
    refresh();
  }
  moment.addEventListener("input", () => atMoment(Number(moment.value)));
  let playing = 0;
  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(() => atMoment((state.moment + 1) % scene().moments.length), STEP_MS) : 0;
    $("play").textContent = on ? "Stop" : "Play";
    $("play").setAttribute("aria-pressed", String(on));
  }
  $("play").addEventListener("click", () => play(!playing));

  function enter(number) {
    play(false);
    state.scene = number;
    const { moments, strength, truth, first } = scene();
    panels.forEach((panel) => panel.fill());
    $("time").hidden = moments.length < 2;
    $("truth-line").hidden = !truth;
    $("key-truth").hidden = !truth;
    moment.max = moments.length - 1;
    if (strength) {
      const top = Math.max(...strength);
      $("trace").setAttribute("viewBox", `0 0 ${moments.length} 1`);
      $("power").setAttribute("points", strength.map((v, k) => `${k + 0.5},${1 - 0.9 * v / top}`).join(" "));
    }
    atMoment(first);
    // From where what is true, or was found, is seen best: the surface there faces the view.
    const strongest = panels[0].current.indexOf(Math.max(...panels[0].current));
    const shown = truth ? truth.centres : [strongest];
    // As many of several as can be.
    const seen = Object.entries(VIEWS).map(([name, [azimuth, height, side, outer]]) => {
      const { towards } = table.frame({ azimuth, height });
      return [name, shown.reduce((sum, d) => {
        const here = dipoles[d] < mesh.left ? "left" : "right";
        const hidden = (side !== "both" && side !== here) || (outer && outer !== here);
        const facing = new THREE.Vector3().fromArray(normals.opened.array, 3 * dipoles[d]).dot(towards);
        return sum + (hidden ? 0 : Math.max(0, facing) + (facing > 0.3 ? 2 : 0));
      }, 0)];
    });
    look(seen.reduce((best, one) => (one[1] > best[1] + 1e-6 ? one : best))[0], true);
  }
  const choice = $("scene");
  choice.replaceChildren(...about.scenes.map((one) => new Option(one.name)));
  choice.hidden = about.scenes.length < 2;
  choice.addEventListener("change", () => enter(choice.selectedIndex));
  function open() {
    const asked = about.scenes.findIndex((one) => one.key === decodeURIComponent(location.hash.slice(1)));
    choice.selectedIndex = Math.max(0, asked);
    enter(choice.selectedIndex);
  }
  addEventListener("hashchange", open);
  new ResizeObserver(redraw).observe(panels[0].canvas);
  open();
})();
