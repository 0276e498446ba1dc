// Reads Kubernetes objects as YAML from its input, checks each against the schema of its kind, and prints what is wrong; "ok <count>" where nothing is.
// The schemas let a misspelt field pass. So each object is shown to its schema through a proxy: what the schema never looked at, it does not know.
import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';

const groups = { v1: 'CoreV1', 'apps/v1': 'AppsV1', 'policy/v1': 'PolicyV1', 'autoscaling/v2': 'AutoscalingV2', 'networking.k8s.io/v1': 'NetworkingV1' };

function watched(value, path, looked) {
  if (typeof value !== 'object' || value === null) return value;
  const parts = new Map();
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return target[key];
      looked.add(`${path}/${key}`);
      if (!parts.has(key)) parts.set(key, watched(target[key], `${path}/${key}`, looked));
      return parts.get(key);
    },
  });
}

function* fields(value, path) {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    yield `${path}/${key}`;
    yield* fields(part, `${path}/${key}`);
  }
}

async function faults(object) {
  const group = groups[object.apiVersion];
  const schema = group && await import(`kubernetes-models/_schemas/IoK8sApi${group}${object.kind}`).catch(() => undefined);
  if (!schema) return [`there is no ${object.apiVersion} ${object.kind}`];
  const looked = new Set();
  if (!schema.validate(watched(object, '', looked))) return schema.validate.errors.map(fault => `${fault.instancePath} ${fault.keyword} ${JSON.stringify(fault.params)}`);
  return [...fields(object, '')].filter(path => !looked.has(path)).map(path => `${path} is not known`);
}

const objects = loadAll(readFileSync(0, 'utf8')).filter(Boolean);
let wrong = 0;
for (const object of objects)
  for (const fault of await faults(object)) {
    console.log(`${object.kind} ${object.metadata?.name}: ${fault}`);
    wrong++;
  }
console.log(wrong ? `${wrong} wrong` : `ok ${objects.length}`);
