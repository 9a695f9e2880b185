// Two cortices that turn together. THREE is three.js; the page holds the arrays and says what they
// are (see pack.py, surface.py, scenes.py).
"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const tell = (text) => { $("problem").textContent = text; $("problem").hidden = false; };
  const about = JSON.parse($("about").textContent);
  const mesh = about.mesh;
  const REGIONS = 4, GLIDE_MS = 350, STEP_MS = 450;

  // --- The arrays ---------------------------------------------------------------------------
  if (typeof DecompressionStream === "undefined") {
    tell("This browser is too old to open the page: use one of 2023 or later.");
    return;
  }
  const packed = Uint8Array.from(atob($("arrays").textContent.trim()), (c) => c.charCodeAt(0));
  const opened = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const block = await new Response(opened).arrayBuffer();
  const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i1: Int8Array, f4: Float32Array };
  const array = (place) => new KINDS[place.type](block, place.at, place.size);
  const points = ({ values, least, step }) => Float32Array.from(array(values), (n) => least + step * n);

  const shapes = { folded: points(mesh.folded), opened: points(mesh.opened) };
  const triangles = array(mesh.triangles), dipoles = array(mesh.dipoles);
  const positions = points(mesh.positions);
  const leftTriangles = triangles.findIndex((v) => v >= mesh.left);

  // --- From dipoles to vertices: ring by ring the mean of the neighbours that are known ------
  const rings = (() => {
    const near = Array.from({ length: mesh.vertices }, () => new Set());
    for (let t = 0; t < triangles.length; t += 3) {
      for (const [i, j] of [[0, 1], [1, 2], [2, 0]]) {
        near[triangles[t + i]].add(triangles[t + j]);
        near[triangles[t + j]].add(triangles[t + i]);
      }
    }
    const known = new Uint8Array(mesh.vertices), found = [];
    dipoles.forEach((v) => { known[v] = 1; });
    let open = [...known.keys()].filter((v) => !known[v]);
    while (open.length) {
      const reached = open.map((v) => [v, [...near[v]].filter((n) => known[n])])
        .filter(([, from]) => from.length);
      if (!reached.length) break;
      reached.forEach(([v]) => { known[v] = 1; });
      open = open.filter((v) => !known[v]);
      found.push(...reached);
    }
    return found;
  })();
  function spread(values, into, stride = 1, at = 0) {
    dipoles.forEach((v, k) => { into[stride * v + at] = values[k]; });
    for (const [v, from] of rings) {
      let sum = 0;
      for (const n of from) sum += into[stride * n + at];
      into[stride * v + at] = sum / from.length;
    }
  }

  // --- Three.js: one renderer whose picture is copied into both panels -----------------------
  let renderer;
  try {
    renderer = new THREE.WebGLRenderer({ antialias: true, alpha: false });
  } catch (error) {
    tell("This browser shows no 3D: WebGL is off or missing. The figures of the report show the same maps.");
    return;
  }
  renderer.setClearColor(0xffffff, 1);
  const camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 1, 1000);
  const bounds = new THREE.Box3().setFromArray(shapes.folded);
  const middle = bounds.getCenter(new THREE.Vector3());
  const size = bounds.getSize(new THREE.Vector3());
  const radius = size.length() / 2, longest = Math.max(...size.toArray()) / 2;

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
  const scale = (place) => {
    const rgb = array(place), rgba = new Uint8Array(rgb.length / 3 * 4).fill(255);
    for (let k = 0; k < rgb.length / 3; k++) rgba.set(rgb.subarray(3 * k, 3 * k + 3), 4 * k);
    const texture = new THREE.DataTexture(rgba, rgb.length / 3, 1, THREE.RGBAFormat);
    texture.minFilter = texture.magFilter = THREE.LinearFilter;
    texture.needsUpdate = true;
    return { texture, rgb };
  };
  const colours = { estimate: scale(about.colours.estimate), truth: scale(about.colours.truth) };

  const vertexShader = `
    attribute float estimate, truth, relief;
    attribute vec4 region;
    varying float vValue, vActive, vRelief;
    varying vec4 vRegion;
    varying vec3 vNormal, vPlace;
    void main() {
      vValue = estimate; vActive = truth; vRelief = relief; vRegion = region;
      vNormal = normalMatrix * normal;
      vPlace = position;
      gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
    }`;
  const fragmentShader = `
    uniform float lowest, highest, drawTruth, thick;
    uniform sampler2D colours;
    uniform vec3 centres[${REGIONS}], easts[${REGIONS}], norths[${REGIONS}];
    uniform int regions;
    varying float vValue, vActive, vRelief;
    varying vec4 vRegion;
    varying vec3 vNormal, vPlace;
    // How much of a pixel lies within half a line's width of where a field is zero.
    float line(float field, float width) {
      float slope = max(length(vec2(dFdx(field), dFdy(field))), 1e-6);
      return 1.0 - smoothstep(0.5 * width - 0.6, 0.5 * width + 0.6, abs(field) / slope);
    }
    void main() {
      vec3 normal = normalize(vNormal);
      if (!gl_FrontFacing) normal = -normal;
      float diffuse = clamp(dot(normal, normalize(vec3(-0.35, 0.55, 0.9))), 0.0, 1.0);
      float facing = clamp(normal.z, 0.0, 1.0);
      float sulcus = 0.5 - 0.5 * tanh(clamp(vRelief / 0.9, -8.0, 8.0));
      vec3 colour = mix(vec3(0.925, 0.918, 0.910), vec3(0.690, 0.678, 0.662), sulcus);
      colour *= (0.62 + 0.48 * diffuse) * (0.62 + 0.38 * facing);
      float level = clamp((vValue - lowest) / max(highest - lowest, 1e-12), 0.0, 1.0);
      float edge = max(fwidth(vValue), 1e-12);
      float shown = highest > 0.0 ? clamp((vValue - lowest) / edge + 0.5, 0.0, 1.0) : 0.0;
      vec3 heat = texture2D(colours, vec2((level * 255.0 + 0.5) / 256.0, 0.5)).rgb;
      heat *= (0.80 + 0.20 * diffuse) * (0.88 + 0.12 * facing) * 1.03;
      colour = mix(colour, heat, shown);
      if (drawTruth > 0.5) {
        colour = mix(colour, vec3(1.0), line(vActive - 0.5, 2.1 * thick));
        colour = mix(colour, vec3(0.082, 0.275, 0.847), line(vActive - 0.5, 1.1 * thick));
      }
      for (int k = 0; k < ${REGIONS}; k++) {
        if (k >= regions) break;
        vec3 from = vPlace - centres[k];
        float turn = atan(dot(from, norths[k]), dot(from, easts[k])) / 6.2831853;
        float dash = step(fract(24.0 * turn), 0.62);
        float field = k == 0 ? vRegion.x : k == 1 ? vRegion.y : k == 2 ? vRegion.z : vRegion.w;
        colour = mix(colour, vec3(1.0), line(field, 2.1 * thick));
        colour = mix(colour, vec3(0.0), dash * line(field, 1.1 * thick));
      }
      gl_FragColor = vec4(colour, 1.0);
    }`;

  // --- Markers: a blue disc at a true centre, a numbered black diamond at a named source -----
  function glyph(number) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 96;
    const ink = canvas.getContext("2d"), size = number ? 15 : 16;
    ink.translate(48, 48);
    ink.beginPath();
    if (number) {
      ink.moveTo(0, -size); ink.lineTo(size, 0); ink.lineTo(0, size); ink.lineTo(-size, 0); ink.closePath();
    } else {
      ink.arc(0, 0, size, 0, 2 * Math.PI);
    }
    ink.lineJoin = "round";
    ink.lineWidth = 9;
    ink.strokeStyle = "#ffffff";
    ink.stroke();
    ink.fillStyle = number ? "#000000" : "#1546d8";
    ink.fill();
    if (number) {
      ink.font = "bold 36px system-ui, sans-serif";
      ink.textAlign = "center";
      ink.textBaseline = "middle";
      ink.strokeText(String(number), 30, -28);
      ink.fillText(String(number), 30, -28);
    }
    return new THREE.CanvasTexture(canvas);
  }
  const glyphs = Array.from({ length: REGIONS + 1 }, (_, k) => glyph(k));
  // What lies behind the surface is drawn faintly, so that no source is overlooked.
  function marker(number, faint) {
    const geometry = new THREE.BufferGeometry();
    geometry.setAttribute("position", new THREE.BufferAttribute(new Float32Array(3), 3));
    const material = new THREE.ShaderMaterial({
      uniforms: { picture: { value: glyphs[number] }, size: { value: 1 }, strength: { value: faint ? 0.35 : 1 } },
      vertexShader: `uniform float size;
        void main() {
          vec4 at = modelViewMatrix * vec4(position, 1.0);
          at.z += 6.0;  // no fold beside it cuts it
          gl_Position = projectionMatrix * at;
          gl_PointSize = size;
        }`,
      fragmentShader: `uniform sampler2D picture; uniform float strength;
        void main() {
          vec4 colour = texture2D(picture, vec2(gl_PointCoord.x, 1.0 - gl_PointCoord.y));
          gl_FragColor = vec4(colour.rgb, colour.a * strength);
        }`,
      transparent: true, depthTest: !faint, depthWrite: false,
    });
    const object = new THREE.Points(geometry, material);
    object.renderOrder = faint ? 1 : number ? 3 : 2;
    object.frustumCulled = false;
    return object;
  }

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
      const vectors = () => ({ value: Array.from({ length: REGIONS }, () => new THREE.Vector3()) });
      this.uniforms = {
        lowest: { value: 0 }, highest: { value: 1 }, drawTruth: { value: 0 }, thick: { value: 2 },
        colours: { value: null }, regions: { value: 0 },
        centres: vectors(), easts: vectors(), norths: vectors(),
      };
      this.surface = new THREE.Mesh(geometry, new THREE.ShaderMaterial({
        uniforms: this.uniforms, vertexShader, fragmentShader, side: THREE.DoubleSide,
        extensions: { derivatives: true },
      }));
      this.surface.frustumCulled = false;
      this.scene.add(this.surface);
      this.markers = [];
      this.choice.addEventListener("change", () => this.show());
      this.reshape();
    }
    reshape() {
      this.geometry.setAttribute("position", shared.position[state.shape]);
      this.geometry.setAttribute("normal", normals[state.shape]);
      this.geometry.boundingSphere = new THREE.Sphere(middle, 2 * radius);
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
      spread(values, this.geometry.getAttribute("estimate").array);
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
      this.uniforms.lowest.value = Math.max(low, 1e-9);
      this.uniforms.highest.value = this.top;
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
      aim(w / h);
      this.uniforms.thick.value = 2 * dpr;
      this.markers.forEach((object) => {
        object.material.uniforms.size.value = 42 * dpr;
        const left = object.userData.vertex < mesh.left;
        object.visible = state.side === "both" || (state.side === "left") === left;
      });
      const [from, to] = { both: [0, triangles.length], left: [0, leftTriangles], right: [leftTriangles, triangles.length] }[state.side];
      this.geometry.setDrawRange(from, to - from);
      renderer.render(this.scene, camera);
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
    const { right, up } = frame();
    for (const [side, vector] of [["e", right], ["w", right.clone().negate()], ["n", up], ["s", up.clone().negate()]]) {
      const parts = vector.toArray(), along = [0, 1, 2].reduce((a, b) => (Math.abs(parts[b]) > Math.abs(parts[a]) ? b : a));
      root.querySelector(`.letter.${side}`).textContent =
        Math.abs(parts[along]) > 0.8 ? AXES[along][parts[along] > 0 ? 0 : 1] : "";
    }
  }

  // --- The camera: azimuth from right to front, height above the horizon, degrees --------------
  // Of a view: these, the hemispheres that are drawn, and the only one that is seen if both are.
  const VIEWS = {
    left: [180, 0, "both", "left"], right: [0, 0, "both", "right"], top: [-90, 90, "both"], bottom: [90, -90, "both"],
    front: [90, 0, "both"], back: [-90, 0, "both"],
    "left medial": [0, 0, "left"], "right medial": [180, 0, "right"],
  };
  const state = { scene: 0, moment: 0, shape: "folded", side: "both", threshold: 50,
    azimuth: 180, height: 0, zoom: 1, x: 0, y: 0 };
  const scene = () => about.scenes[state.scene];
  function frame({ azimuth, height } = state) {
    const a = azimuth * Math.PI / 180, h = height * Math.PI / 180;
    const towards = new THREE.Vector3(Math.cos(h) * Math.cos(a), Math.cos(h) * Math.sin(a), Math.sin(h));
    const up = new THREE.Vector3(-Math.sin(h) * Math.cos(a), -Math.sin(h) * Math.sin(a), Math.cos(h));
    return { towards, up, right: up.clone().cross(towards) };
  }
  // Half the height of the picture in mm, at a zoom of one and so that a view fills the picture.
  const whole = (aspect) => 1.06 * longest / Math.min(1, aspect);
  function filling(aspect, angles) {
    const { up, right } = frame(angles);
    const half = (along) => along.toArray().reduce((sum, part, k) => sum + Math.abs(part) * size.toArray()[k] / 2, 0);
    return whole(aspect) / (1.1 * Math.max(half(up), half(right) / aspect));
  }
  function aim(aspect) {
    const { towards, up, right } = frame();
    const tall = whole(aspect) / state.zoom;
    camera.left = -tall * aspect; camera.right = tall * aspect; camera.top = tall; camera.bottom = -tall;
    camera.near = 1; camera.far = 6 * radius;
    const target = middle.clone().addScaledVector(right, -state.x).addScaledVector(up, -state.y);
    camera.position.copy(target).addScaledVector(towards, 3 * radius);
    camera.matrix.makeBasis(right, up, towards).setPosition(camera.position);
    camera.matrixAutoUpdate = false;
    camera.matrixWorld.copy(camera.matrix);
    camera.updateMatrixWorld(true);
    camera.updateProjectionMatrix();
    state.unitsPerPixel = (height) => 2 * tall / height;
  }
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
  const wrap = (degrees) => ((degrees + 180) % 360 + 360) % 360 - 180;
  function turn(right, up) {
    state.azimuth = wrap(state.azimuth - right);
    state.height = Math.max(-90, Math.min(90, state.height + up));
    redraw();
  }
  const zoom = (factor) => { state.zoom = Math.max(0.5, Math.min(12, state.zoom * factor)); redraw(); };
  let gliding = 0;
  function look(name, at_once = false) {
    const [azimuth, height, side] = VIEWS[name];
    const near = filling(panels[0].canvas.clientWidth / panels[0].canvas.clientHeight, { azimuth, height });
    state.side = side;
    $("side").value = side;
    const from = { ...state }, way = wrap(azimuth - from.azimuth), start = performance.now(), mine = ++gliding;
    const still = at_once || matchMedia("(prefers-reduced-motion: reduce)").matches;
    (function step() {
      if (mine !== gliding) return;
      const t = still ? 1 : Math.min(1, (performance.now() - start) / GLIDE_MS), ease = t * t * (3 - 2 * t);
      state.azimuth = wrap(from.azimuth + ease * way);
      state.height = from.height + ease * (height - from.height);
      state.zoom = from.zoom + ease * (near - from.zoom);
      state.x = from.x * (1 - ease); state.y = from.y * (1 - ease);
      redraw();
      if (t < 1) requestAnimationFrame(step);
    })();
  }

  // --- Mouse, touch and keyboard ---------------------------------------------------------------
  function listen(panel) {
    const { canvas } = panel, fingers = new Map();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      canvas.focus({ preventScroll: true });
      gliding++;
    });
    canvas.addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) { point(panel, event); return; }
      const dx = event.clientX - last[0], dy = event.clientY - last[1];
      const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      if (others.length) {
        const apart = (at) => Math.hypot(at[0] - others[0][0], at[1] - others[0][1]);
        zoom(apart([event.clientX, event.clientY]) / Math.max(1, apart(last)));
      } else if (event.shiftKey || event.buttons === 2 || event.buttons === 4) {
        const mm = state.unitsPerPixel(canvas.clientHeight);
        state.x += dx * mm; state.y -= dy * mm;
        redraw();
      } else {
        turn(0.5 * dx, 0.5 * dy);
      }
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
    }
    canvas.addEventListener("pointerleave", () => { $("pointed").textContent = HINT; });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(Math.exp(-0.0015 * event.deltaY));
    }, { passive: false });
    const keys = {
      ArrowLeft: () => turn(-5, 0), ArrowRight: () => turn(5, 0), ArrowUp: () => turn(0, -5), ArrowDown: () => turn(0, 5),
      "+": () => zoom(1.15), "=": () => zoom(1.15), "-": () => zoom(1 / 1.15), Home: () => look("left"),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      gliding++;
      keys[event.key]();
    });
  }
  const HINT = $("pointed").textContent;
  const caster = new THREE.Raycaster();
  let pointing = false;
  function point(panel, event) {
    if (pointing || event.pointerType === "touch") return;
    pointing = true;
    requestAnimationFrame(() => {
      pointing = false;
      const box = panel.canvas.getBoundingClientRect();
      aim(box.width / box.height);
      caster.setFromCamera(new THREE.Vector2(
        2 * (event.clientX - box.left) / box.width - 1, 1 - 2 * (event.clientY - box.top) / box.height), camera);
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
  panels.forEach(listen);
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
    const seen = Object.entries(VIEWS).map(([name, [azimuth, height, side, outer]]) => {
      const { towards } = frame({ azimuth, height });
      return [name, shown.reduce((sum, d) => {
        const here = dipoles[d] < mesh.left ? "left" : "right";
        const hidden = (side !== "both" && side !== here) || (outer && outer !== here);
        const facing = new THREE.Vector3().fromArray(normals.opened.array, 3 * dipoles[d]).dot(towards);
        return sum + (hidden ? 0 : Math.max(0, facing));
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
