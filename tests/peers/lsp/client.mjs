// A session of an editor with `cofferdam lsp`, by the client side of Microsoft's implementation of
// the protocol. Arguments: the program, and a checkout that may be written to. Prints one line of
// JSON for every thing that was seen; the test compares them.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
  CodeActionRequest,
  DidChangeTextDocumentNotification,
  DidChangeWatchedFilesNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExitNotification,
  HoverRequest,
  InitializeRequest,
  InitializedNotification,
  PublishDiagnosticsNotification,
  RegistrationRequest,
  ShutdownRequest,
} from "vscode-languageserver-protocol/node.js";
import { TextDocument } from "vscode-languageserver-textdocument";

const [program, root, day, encoding, script] = process.argv.slice(2);
const server = spawn(program, ["lsp", "--stdio", "--date", day], {
  cwd: root,
  stdio: ["pipe", "pipe", "inherit"],
});
const ended = new Promise((resolve) => server.on("exit", resolve));
const connection = createProtocolConnection(
  new StreamMessageReader(server.stdout),
  new StreamMessageWriter(server.stdin),
);

const say = (what, value) => console.log(JSON.stringify({ [what]: value }));
const uri = (name) => pathToFileURL(join(root, name)).href;

// What was published, by address and version. A session is over when something awaited never
// comes; the test that runs this has a limit on its time.
const published = new Map();
const waiting = [];
connection.onNotification(PublishDiagnosticsNotification.type, (params) => {
  published.set(params.uri, params);
  for (const one of waiting.splice(0)) one();
});
const until = async (name, version) => {
  while (published.get(uri(name))?.version !== version) {
    await new Promise((resolve) => waiting.push(resolve));
  }
  return published.get(uri(name)).diagnostics;
};
connection.onRequest(RegistrationRequest.type, (params) => {
  say("registered", params.registrations.map((one) => one.method));
});
connection.listen();

const documents = new Map();
const open = (name, text) => {
  const document = TextDocument.create(uri(name), "yaml", 1, text ?? readFileSync(join(root, name), "utf8"));
  documents.set(name, document);
  return connection.sendNotification(DidOpenTextDocumentNotification.type, {
    textDocument: { uri: document.uri, languageId: "yaml", version: 1, text: document.getText() },
  });
};
const change = (name, contentChanges) => {
  const old = documents.get(name);
  const document = TextDocument.update(old, contentChanges, old.version + 1);
  documents.set(name, document);
  return connection.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: { uri: document.uri, version: document.version },
    contentChanges,
  });
};
const shown = (diagnostics) => diagnostics.map((one) => ({
  code: one.code,
  severity: one.severity,
  line: one.range.start.line,
  start: one.range.start.character,
  end: one.range.end.character,
  href: one.codeDescription?.href,
  tags: one.tags,
  message: one.message,
  related: one.relatedInformation?.map((place) => ({
    file: place.location.uri.split("/").at(-1),
    line: place.location.range.start.line,
  })),
}));
const actions = (name, range, only, diagnostics = []) => connection.sendRequest(CodeActionRequest.type, {
  textDocument: { uri: uri(name) },
  range,
  context: { diagnostics, only, triggerKind: 1 },
});

const steps = {
  open: async ({ name, text }) => {
    await open(name, text);
    say("diagnostics", shown(await until(name, 1)));
  },
  change: async ({ name, changes }) => {
    await change(name, changes);
    say("diagnostics", shown(await until(name, documents.get(name).version)));
  },
  // Changes one letter after the other, as hands do, and waits for the last only.
  type: async ({ name, line, character, text }) => {
    for (const [index, letter] of [...text].entries()) {
      const at = { line, character: character + index };
      await change(name, [{ range: { start: at, end: at }, text: letter }]);
    }
    say("diagnostics", shown(await until(name, documents.get(name).version)));
  },
  look: async ({ name }) => say("diagnostics", shown(published.get(uri(name))?.diagnostics ?? [])),
  hover: async ({ name, line, character }) => {
    const hover = await connection.sendRequest(HoverRequest.type, {
      textDocument: { uri: uri(name) },
      position: { line, character },
    });
    say("hover", hover && hover.contents);
  },
  // Takes the action whose title has these words, and applies it as an editor would.
  mend: async ({ name, line, words, only }) => {
    const diagnostics = published.get(uri(name)).diagnostics;
    const range = { start: { line, character: 0 }, end: { line, character: 200 } };
    const offered = await actions(name, range, only, diagnostics);
    say("actions", offered.map(({ title, kind, isPreferred }) => ({ title, kind, isPreferred })));
    const action = offered.find((one) => one.title.includes(words));
    for (const { textDocument, edits } of action.edit.documentChanges) {
      const file = [...documents].find(([, document]) => document.uri === textDocument.uri)[0];
      if (textDocument.version !== documents.get(file).version) throw new Error("another version");
      const text = TextDocument.applyEdits(documents.get(file), edits);
      await change(file, [{ text }]);
      say("text", text);
    }
    say("diagnostics", shown(await until(name, documents.get(name).version)));
  },
  close: async ({ name }) => {
    await connection.sendNotification(DidCloseTextDocumentNotification.type, {
      textDocument: { uri: uri(name) },
    });
    say("closed", shown(await until(name, undefined)));
  },
  // A file changed on disk: `other`, which is open, must be told of it.
  touched: async ({ name, text, other }) => {
    const before = published.get(uri(other));
    writeFileSync(join(root, name), text);
    await connection.sendNotification(DidChangeWatchedFilesNotification.type, {
      changes: [{ uri: uri(name), type: 2 }],
    });
    while (published.get(uri(other)) === before) {
      await new Promise((resolve) => waiting.push(resolve));
    }
    say("diagnostics", shown(published.get(uri(other)).diagnostics));
  },
  request: async ({ method, params }) => {
    try {
      say("result", await connection.sendRequest(method, params));
    } catch (error) {
      say("error", error.code);
    }
  },
  notify: async ({ method, params }) => connection.sendNotification(method, params),
};

const capabilities = await connection.sendRequest(InitializeRequest.type, {
  processId: process.pid,
  rootUri: null,
  workspaceFolders: [{ uri: pathToFileURL(root).href, name: "root" }],
  capabilities: {
    general: { positionEncodings: encoding === "utf-8" ? ["utf-8", "utf-16"] : ["utf-16"] },
    textDocument: {
      publishDiagnostics: {
        relatedInformation: true,
        codeDescriptionSupport: true,
        tagSupport: { valueSet: [1, 2] },
        versionSupport: true,
      },
      hover: { contentFormat: ["markdown", "plaintext"] },
      codeAction: {
        codeActionLiteralSupport: { codeActionKind: { valueSet: ["quickfix", "source.fixAll"] } },
        isPreferredSupport: true,
      },
    },
    workspace: {
      workspaceEdit: { documentChanges: true },
      didChangeWatchedFiles: { dynamicRegistration: true },
    },
  },
});
say("capabilities", capabilities.capabilities);
await connection.sendNotification(InitializedNotification.type, {});
for (const step of JSON.parse(script)) {
  await steps[step.do](step);
}
await connection.sendRequest(ShutdownRequest.type);
await connection.sendNotification(ExitNotification.type);
say("exit", await ended);
connection.dispose();
