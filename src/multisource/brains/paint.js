// How the cortex and the marks on it are painted. THREE is three.js.
"use strict";
const REGIONS = 4; // named sources of a map

// 256 colours, three bytes each, as a texture.
function colourScale(rgb) {
  const rgba = new Uint8Array(rgb.length / 3 * 4).fill(255);
  for (let k = 0; k < rgb.length / 3; k++) rgba.set(rgb.subarray(3 * k, 3 * k + 3), 4 * k);
  const texture = new THREE.DataTexture(rgba, rgb.length / 3, 1, THREE.RGBAFormat);
  texture.minFilter = texture.magFilter = THREE.LinearFilter;
  texture.needsUpdate = true;
  return { texture, rgb };
}

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

// The cortex of one panel; its uniforms say what is drawn on it.
function paintedSurface(geometry) {
  const vectors = () => ({ value: Array.from({ length: REGIONS }, () => new THREE.Vector3()) });
  const uniforms = {
    lowest: { value: 0 }, highest: { value: 1 }, drawTruth: { value: 0 }, thick: { value: 2 },
    colours: { value: null }, regions: { value: 0 },
    centres: vectors(), easts: vectors(), norths: vectors(),
  };
  const surface = new THREE.Mesh(geometry, new THREE.ShaderMaterial({
    uniforms, vertexShader, fragmentShader, side: THREE.DoubleSide, extensions: { derivatives: true },
  }));
  surface.frustumCulled = false;
  return surface;
}

// A blue disc for a true centre (0), a black diamond with its number for a named source.
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
        at.z += 12.0;  // mm, so that no fold beside it cuts it
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
