// The camera over the cortex: where it is, and how mouse, touch and keyboard move it. All panels
// look through the same one.
"use strict";
const GLIDE_MS = 350;
// Azimuth from right to front and height above the horizon, degrees; the hemispheres that are drawn;
// and the only one that is seen if both are.
const VIEWS = {
  left: [180, 0, "both", "left"], right: [0, 0, "both", "right"], top: [-90, 90, "both"], bottom: [90, -90, "both"],
  front: [90, 0, "both"], back: [-90, 0, "both"],
  "left medial": [0, 0, "left"], "right medial": [180, 0, "right"],
};

// `size` and `middle` of the brain in mm, a function that draws, and one that is told of a view.
class Turntable {
  constructor(middle, size, redraw) {
    Object.assign(this, { middle, size, redraw, azimuth: 180, height: 0, zoom: 1, x: 0, y: 0 });
    this.radius = size.length() / 2;
    this.longest = Math.max(...size.toArray()) / 2;
    this.gliding = 0;
    this.camera = new THREE.OrthographicCamera(-1, 1, 1, -1, 1, 6 * this.radius);
    this.camera.matrixAutoUpdate = false;
  }
  // Three unit vectors: towards the camera, and the picture's up and right.
  frame({ azimuth, height } = this) {
    const a = azimuth * Math.PI / 180, h = height * Math.PI / 180;
    const towards = new THREE.Vector3(Math.cos(h) * Math.cos(a), Math.cos(h) * Math.sin(a), Math.sin(h));
    const up = new THREE.Vector3(-Math.sin(h) * Math.cos(a), -Math.sin(h) * Math.sin(a), Math.cos(h));
    return { towards, up, right: up.clone().cross(towards) };
  }
  // Half the height of the picture in mm, at a zoom of one.
  whole(aspect) { return 1.06 * this.longest / Math.min(1, aspect); }
  // The zoom at which a view fills the picture.
  filling(aspect, angles) {
    const { up, right } = this.frame(angles), size = this.size.toArray();
    const half = (along) => along.toArray().reduce((sum, part, k) => sum + Math.abs(part) * size[k] / 2, 0);
    return this.whole(aspect) / (1.1 * Math.max(half(up), half(right) / aspect));
  }
  aim(aspect) {
    const { towards, up, right } = this.frame(), { camera } = this;
    const tall = this.tall = this.whole(aspect) / this.zoom;
    camera.left = -tall * aspect; camera.right = tall * aspect; camera.top = tall; camera.bottom = -tall;
    const target = this.middle.clone().addScaledVector(right, -this.x).addScaledVector(up, -this.y);
    camera.position.copy(target).addScaledVector(towards, 3 * this.radius);
    camera.matrix.makeBasis(right, up, towards).setPosition(camera.position);
    camera.matrixWorld.copy(camera.matrix);
    camera.updateMatrixWorld(true);
    camera.updateProjectionMatrix();
  }
  turn(right, up) {
    this.azimuth = wrap(this.azimuth - right);
    this.height = Math.max(-90, Math.min(90, this.height + up));
    this.redraw();
  }
  nearer(factor) {
    this.zoom = Math.max(0.5, Math.min(12, this.zoom * factor));
    this.redraw();
  }
  move(right, up, pixels) {
    this.x += right * 2 * this.tall / pixels;
    this.y += up * 2 * this.tall / pixels;
    this.redraw();
  }
  // Glide to a view, or be there at once.
  look(name, aspect, at_once) {
    const [azimuth, height] = VIEWS[name], near = this.filling(aspect, { azimuth, height });
    const { azimuth: a, height: h, zoom, x, y } = this, way = wrap(azimuth - a);
    const start = performance.now(), mine = ++this.gliding;
    const still = at_once || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = () => {
      if (mine !== this.gliding) return;
      const t = still ? 1 : Math.min(1, (performance.now() - start) / GLIDE_MS), ease = t * t * (3 - 2 * t);
      this.azimuth = wrap(a + ease * way);
      this.height = h + ease * (height - h);
      this.zoom = zoom + ease * (near - zoom);
      this.x = x * (1 - ease);
      this.y = y * (1 - ease);
      this.redraw();
      if (t < 1) requestAnimationFrame(step);
    };
    step();
  }
  // Let a canvas move it; `pointed` is told of a pointer that drags nothing.
  listen(canvas, pointed) {
    const fingers = new Map();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      canvas.focus({ preventScroll: true });
      this.gliding++;
    });
    canvas.addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) { pointed(event); return; }
      const dx = event.clientX - last[0], dy = event.clientY - last[1];
      const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      if (others.length) {
        const apart = (at) => Math.hypot(at[0] - others[0][0], at[1] - others[0][1]);
        this.nearer(apart([event.clientX, event.clientY]) / Math.max(1, apart(last)));
      } else if (event.shiftKey || event.buttons === 2 || event.buttons === 4) {
        this.move(dx, -dy, canvas.clientHeight);
      } else {
        this.turn(0.5 * dx, 0.5 * dy);
      }
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
    }
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.nearer(Math.exp(-0.0015 * event.deltaY));
    }, { passive: false });
    const keys = {
      ArrowLeft: () => this.turn(-5, 0), ArrowRight: () => this.turn(5, 0),
      ArrowUp: () => this.turn(0, -5), ArrowDown: () => this.turn(0, 5),
      "+": () => this.nearer(1.15), "=": () => this.nearer(1.15), "-": () => this.nearer(1 / 1.15),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.gliding++;
      keys[event.key]();
    });
  }
}
const wrap = (degrees) => ((degrees + 180) % 360 + 360) % 360 - 180;
