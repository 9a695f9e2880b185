// The arrays of a page, and values of dipoles on all vertices (see pack.py and surface.py).
"use strict";
// Returns a function from a described array to a typed array.
async function unpack(text) {
  const packed = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const block = await new Response(stream).arrayBuffer();
  const kinds = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i1: Int8Array, f4: Float32Array };
  return (place) => new kinds[place.type](block, place.at, place.size);
}

const inPlace = (array, { values, least, step }) =>
  Float32Array.from(array(values), (n) => least + step * n);

// Returns a function that spreads dipoles' values to all vertices, ring by ring the mean of the
// neighbours that are known: ``spread_to_vertices`` of figures/cortex.py does the same.
function spreading(triangles, vertices, dipoles) {
  const near = Array.from({ length: vertices }, () => new Set());
  for (let t = 0; t < triangles.length; t += 3) {
    for (const [i, j] of [[0, 1], [1, 2], [2, 0]]) {
      near[triangles[t + i]].add(triangles[t + j]);
      near[triangles[t + j]].add(triangles[t + i]);
    }
  }
  const known = new Uint8Array(vertices), found = [];
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
  return (values, into, stride = 1, at = 0) => {
    dipoles.forEach((v, k) => { into[stride * v + at] = values[k]; });
    for (const [v, from] of found) {
      let sum = 0;
      for (const n of from) sum += into[stride * n + at];
      into[stride * v + at] = sum / from.length;
    }
  };
}
