/* Packed lines to points on a plane: metres east and north of the map's middle, true to scale at its latitude. */

const EARTH_RADIUS_M = 6378137;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE_OF = new Int8Array(128).fill(-1);
for (let index = 0; index < ALPHABET.length; index += 1) VALUE_OF[ALPHABET.charCodeAt(index)] = index;

/** The whole-number steps of a packed line, as [lon, lat, lon, lat, ...]. */
function unpackSteps(packed, origin) {
  const steps = [];
  const here = [origin[0], origin[1]];
  let axis = 0;
  let value = 0;
  let shift = 0;
  for (let index = 0; index < packed.length; index += 1) {
    const bits = VALUE_OF[packed.charCodeAt(index)];
    value += (bits & 31) * 2 ** shift;
    if (bits & 32) {
      shift += 5;
      continue;
    }
    here[axis] += value % 2 ? -(value + 1) / 2 : value / 2;
    steps.push(here[axis]);
    axis = 1 - axis;
    value = 0;
    shift = 0;
  }
  return steps;
}

/** Mercator around a centre. */
class Projection {
  constructor(lon, lat) {
    this.lon = lon;
    this.perRadian = EARTH_RADIUS_M * Math.cos((lat * Math.PI) / 180);
    this.north = this.mercator(lat);
  }

  mercator(lat) {
    return Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360));
  }

  x(lon) {
    return ((lon - this.lon) * Math.PI / 180) * this.perRadian;
  }

  y(lat) {
    return (this.mercator(lat) - this.north) * this.perRadian;
  }

  /** Points of a packed line as Float32Array [x, y, x, y, ...] in metres. */
  line(packed, origin, stepsPerDegree) {
    const steps = unpackSteps(packed, origin);
    const points = new Float32Array(steps.length);
    for (let index = 0; index < steps.length; index += 2) {
      points[index] = this.x(steps[index] / stepsPerDegree);
      points[index + 1] = this.y(steps[index + 1] / stepsPerDegree);
    }
    return points;
  }
}

/** West, south, east, north of points [x, y, ...]; grows `box` when one is given. */
function boundsOf(points, box = [Infinity, Infinity, -Infinity, -Infinity]) {
  for (let index = 0; index < points.length; index += 2) {
    if (points[index] < box[0]) box[0] = points[index];
    if (points[index + 1] < box[1]) box[1] = points[index + 1];
    if (points[index] > box[2]) box[2] = points[index];
    if (points[index + 1] > box[3]) box[3] = points[index + 1];
  }
  return box;
}
