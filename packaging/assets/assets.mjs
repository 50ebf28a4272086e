// Writes what the browser downloads: assets.mjs INPUT-FOLDER OUTPUT-FOLDER
//
// INPUT-FOLDER holds app.js and app_bg.wasm of wasm-bindgen. Each file is written as NAME.<hash>.EXT with .br and .gz beside
// it, and manifest.json says which is which. A file whose bytes are there already is left alone, or cargo would build again.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import zlib from "node:zlib";
import { bundle } from "lightningcss";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");
const [input, output] = process.argv.slice(2);
if (!output) throw new Error("usage: assets.mjs INPUT-FOLDER OUTPUT-FOLDER");

// The oldest browsers of the field.
const version = (major) => major << 16;
const targets = { chrome: version(86), safari: version(14), firefox: version(90) };

const types = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

const hash = (...parts) => {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part);
  return sum.digest("hex").slice(0, 12);
};

// What Safari 14 lacks is written in older instructions: copying memory in blocks, conversions that saturate, sign extension.
const lowering = ["--llvm-memory-copy-fill-lowering", "--llvm-nontrapping-fptoint-lowering", "--signext-lowering"];
// What may be left after that; the second run refuses a module with anything else in it, before a browser does.
const allowed = ["--mvp-features", "--enable-mutable-globals", "--enable-multivalue"];

function optimise(file) {
  const lowered = path.join(input, "lowered.wasm");
  const result = path.join(input, "optimised.wasm");
  const tool = path.join(here, "node_modules/binaryen/bin/wasm-opt");
  const run = (...options) => execFileSync(process.execPath, [tool, ...options], { stdio: "inherit" });
  run(...lowering, "-Oz", "--strip-target-features", file, "-o", lowered);
  run(...allowed, lowered, "-o", result);
  return fs.readFileSync(result);
}

function style() {
  const { code, warnings } = bundle({ filename: path.join(root, "style/main.css"), minify: true, targets });
  if (warnings.length) throw new Error(warnings.map((w) => `${w.loc?.filename}:${w.loc?.line}: ${w.message}`).join("\n"));
  return Buffer.from(code);
}

/** The files to write: what pages call them, the name with the hash, the bytes. */
function files() {
  const script = fs.readFileSync(path.join(input, "app.js"));
  const module = optimise(path.join(input, "app_bg.wasm"));
  const pair = hash(script, module); // one hash for both: neither works with another build of the other
  const list = [
    { logical: "app.js", name: `app.${pair}.js`, bytes: script },
    { logical: "app_bg.wasm", name: `app.${pair}_bg.wasm`, bytes: module },
  ];
  const add = (logical, bytes) => {
    const { name, ext } = path.parse(logical);
    list.push({ logical, name: `${name}.${hash(bytes)}${ext}`, bytes });
  };
  add("main.css", style());
  for (const own of ["boot.js", "camera.js"]) add(own, fs.readFileSync(path.join(root, "src/islands", own)));
  for (const file of fs.readdirSync(path.join(root, "public")).sort()) add(file, fs.readFileSync(path.join(root, "public", file)));
  return list;
}

function compressed(bytes, text) {
  const mode = text ? zlib.constants.BROTLI_MODE_TEXT : zlib.constants.BROTLI_MODE_GENERIC;
  const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_MODE]: mode };
  return { br: zlib.brotliCompressSync(bytes, { params }), gz: zlib.gzipSync(bytes, { level: 9 }) };
}

const kept = new Set(["manifest.json"]);
function write(name, bytes) {
  kept.add(name);
  const file = path.join(output, name);
  if (fs.existsSync(file) && fs.readFileSync(file).equals(bytes)) return;
  fs.writeFileSync(`${file}.new`, bytes);
  fs.renameSync(`${file}.new`, file);
}

fs.mkdirSync(output, { recursive: true });
const manifest = { files: {} };
for (const { logical, name, bytes } of files()) {
  const mime = types[path.extname(name)];
  if (!mime) throw new Error(`${logical}: no media type for it; add it to assets.mjs`);
  const { br, gz } = compressed(bytes, !name.endsWith(".wasm"));
  write(name, bytes);
  write(`${name}.br`, br);
  write(`${name}.gz`, gz);
  manifest.files[logical] = { name, mime, raw: bytes.length, br: br.length, gz: gz.length };
  console.log(`${name.padEnd(28)} ${String(bytes.length).padStart(8)} B ${String(br.length).padStart(8)} br ${String(gz.length).padStart(8)} gz`);
}
write("manifest.json", Buffer.from(JSON.stringify(manifest, null, 2) + "\n"));
for (const file of fs.readdirSync(output)) if (!kept.has(file)) fs.rmSync(path.join(output, file));
