// Answers GET requests from GitHub's published OpenAPI description and the
// examples in it, and keeps a log of what was asked.
//
// A request that the description does not know (path, query parameter or the
// type of either) is answered with 500 and stands in the log as a violation.
// Every body that is served is compared with the schema of its endpoint.
//
// POST /_control  {"faults": [...], "merge": {...}, "replace": {...},
//                  "repeat": {...}}   sets what differs from the examples and
//                  empties the log:
//   faults   [{template, status, headers, message, times}]  answers of another
//            status; `times` counts them down, without it they last.
//   merge    {template: patch}   JSON merge patch on the example.
//   replace  {template: body}    another body, not compared with the schema.
//   repeat   {template: n}       lists of n elements, each with its own id and
//            name, in pages as GitHub cuts them.
// GET /_control   the log: {requests: [...], violations: [...], unlike: [...]}.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import Ajv from "ajv";

const require = createRequire(import.meta.url);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const description = read(require.resolve("@octokit/openapi/generated/api.github.com.json"));
const policies = read(new URL("./actions-policies.json", import.meta.url));
for (const [path, item] of Object.entries(policies.paths)) description.paths[path] ??= item;
for (const [name, schema] of Object.entries(policies.schemas)) {
  description.components.schemas[name] ??= schema;
}

// Unknown keywords and formats are OpenAPI's own; types are what counts here.
const ajv = new Ajv({ strict: false, validateFormats: false, inlineRefs: false, logger: false });
ajv.addSchema({ $id: "github", components: jsonSchema(description.components) });

/** OpenAPI 3.0 writes `nullable` where JSON Schema has one more type. */
function jsonSchema(value) {
  if (Array.isArray(value)) return value.map(jsonSchema);
  if (!value || typeof value !== "object") return value;
  const out = {};
  for (const [key, one] of Object.entries(value)) {
    if (key !== "nullable" || typeof one === "object") out[key] = jsonSchema(one);
  }
  return value.nullable === true ? { anyOf: [{ type: "null" }, out] } : out;
}

function resolve(value) {
  while (value && value.$ref) {
    value = value.$ref
      .slice(2)
      .split("/")
      .reduce((node, key) => node[key.replaceAll("~1", "/").replaceAll("~0", "~")], description);
  }
  return value;
}

/** The same schema with references into the description that ajv knows. */
function absolute(schema) {
  return JSON.parse(JSON.stringify(jsonSchema(schema)).replaceAll('"$ref":"#/', '"$ref":"github#/'));
}

const routes = Object.entries(description.paths)
  .filter(([, item]) => item.get)
  .map(([template, item]) => {
    const names = [...template.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
    const pattern = template
      .split(/\{[^}]+\}/)
      .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("([^/]+)");
    const parameters = [...(item.parameters ?? []), ...(item.get.parameters ?? [])].map(resolve);
    return { template, names, pattern: new RegExp(`^${pattern}$`), parameters, item: item.get };
  })
  // A fixed segment wins over a parameter, as in GitHub's own routing.
  .sort((one, other) => one.names.length - other.names.length);

const validators = new Map();
function validator(route, status) {
  const key = `${status} ${route.template}`;
  if (!validators.has(key)) {
    const content = resolve(route.item.responses[status])?.content?.["application/json"];
    validators.set(key, content?.schema ? ajv.compile(absolute(content.schema)) : null);
  }
  return validators.get(key);
}

/** The status and body of the first answer that means success. */
function example(route) {
  const status = Object.keys(route.item.responses).find((code) => code.startsWith("2"));
  const content = resolve(route.item.responses[status])?.content?.["application/json"];
  const first = Object.values(content?.examples ?? {})[0];
  return { status: Number(status), body: first ? structuredClone(resolve(first).value) : undefined };
}

function fits(schema, text) {
  const type = resolve(schema)?.type;
  const allowed = resolve(schema)?.enum;
  if (allowed && !allowed.includes(text)) return false;
  if (type === "integer") return /^-?\d+$/.test(text);
  if (type === "boolean") return text === "true" || text === "false";
  return true;
}

function merge(target, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const out = target && typeof target === "object" && !Array.isArray(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = merge(out[key], value);
  }
  return out;
}

/** The list in a body: the body itself, or the array beside `total_count`. */
function listIn(body) {
  if (Array.isArray(body)) return { items: body, put: (items) => items };
  if (!body || typeof body.total_count !== "number") return null;
  const key = Object.keys(body).find((name) => Array.isArray(body[name]));
  return key ? { items: body[key], put: (items) => ({ ...body, [key]: items }) } : null;
}

function repeated(items, count) {
  return Array.from({ length: count }, (_, index) => {
    const one = structuredClone(items[index % items.length]);
    for (const key of ["id", "name", "login", "slug"]) {
      if (typeof one[key] === "number") one[key] = index + 1;
      else if (typeof one[key] === "string") one[key] = `${one[key]}_${index + 1}`;
    }
    return one;
  });
}

let control = { faults: [], merge: {}, replace: {}, repeat: {} };
let log = { requests: [], violations: [], unlike: [] };

function send(response, status, body, headers = {}) {
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(text);
}

function violation(response, request, what) {
  log.violations.push(`${request.url}: ${what}`);
  send(response, 500, { message: what });
}

function answer(request, response) {
  const url = new URL(request.url, "http://server");
  const path = url.pathname;
  const route = routes.find((one) => one.pattern.test(path));
  if (!route) return violation(response, request, "the description has no such path");
  const values = route.pattern.exec(path).slice(1).map(decodeURIComponent);
  const given = Object.fromEntries(route.names.map((name, index) => [name, values[index]]));
  log.requests.push({
    template: route.template,
    url: request.url,
    token: request.headers.authorization ?? null,
    version: request.headers["x-github-api-version"] ?? null,
    agent: request.headers["user-agent"] ?? null,
  });
  for (const [place, pairs] of [["path", Object.entries(given)], ["query", [...url.searchParams]]]) {
    for (const [name, value] of pairs) {
      const known = route.parameters.find((one) => one.in === place && one.name === name);
      if (!known) return violation(response, request, `no ${place} parameter ${name}`);
      if (!fits(known.schema, value)) {
        return violation(response, request, `${place} parameter ${name} is not ${value}`);
      }
    }
  }
  const fault = control.faults.find(
    (one) => (!one.template || one.template === route.template) && one.times !== 0,
  );
  if (fault) {
    if (fault.times) fault.times -= 1;
    const message = fault.message ?? "Refused by the test";
    return send(response, fault.status, { message }, fault.headers);
  }
  let { status, body } = example(route);
  if (route.template in control.replace) {
    return send(response, status, control.replace[route.template]);
  }
  // An object that is asked for by its number has this number.
  const number = route.names.at(-1);
  if (body && route.template.endsWith("_id}") && typeof body.id === "number") {
    body.id = Number(given[number]);
  }
  if (route.template in control.merge) body = merge(body, control.merge[route.template]);
  const headers = {};
  const list = listIn(body);
  if (list) {
    const count = control.repeat[route.template];
    const all = count === undefined ? list.items : repeated(list.items, count);
    const size = Math.min(Number(url.searchParams.get("per_page") ?? 30), 100);
    const page = Number(url.searchParams.get("page") ?? 1);
    if (count !== undefined && body.total_count !== undefined) body.total_count = count;
    body = list.put(all.slice((page - 1) * size, page * size));
    if (!Array.isArray(body) && count !== undefined) body.total_count = count;
    if (page * size < all.length) {
      url.searchParams.set("page", String(page + 1));
      const next = `http://${request.headers.host}${url.pathname}${url.search}`;
      headers.link = `<${next}>; rel="next"`;
    }
  }
  const check = validator(route, status);
  if (check && body !== undefined && !check(body)) {
    const where = check.errors.map((error) => `${error.instancePath} ${error.message}`);
    log.unlike.push({ template: route.template, errors: [...new Set(where)].slice(0, 5) });
  }
  return send(response, status, body, headers);
}

const server = createServer((request, response) => {
  if (request.url === "/_control" && request.method === "GET") return send(response, 200, log);
  if (request.url === "/_control" && request.method === "POST") {
    let text = "";
    request.on("data", (part) => (text += part));
    request.on("end", () => {
      control = { faults: [], merge: {}, replace: {}, repeat: {}, ...JSON.parse(text || "{}") };
      log = { requests: [], violations: [], unlike: [] };
      send(response, 200, {});
    });
    return undefined;
  }
  if (request.method !== "GET") return violation(response, request, `${request.method} is not reading`);
  return answer(request, response);
});

// The tests read the address from here, and close this input to end the server.
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
process.stdin.on("end", () => process.exit(0)).resume();
