//! One client: its abilities, its folders, its open documents, and what it is
//! told.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cofferdam_facts::SourceFile;
use cofferdam_findings::Report;
use cofferdam_pipelines::audit::standing::Parsed;
use cofferdam_pipelines::{Options, Snapshot, Standing};
use lsp_types::{
    CodeActionTriggerKind, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, HoverParams, InitializeParams, MarkupKind, PublishDiagnosticsParams,
    Uri, WorkspaceFolder,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::actions::{self, Writer};
use crate::buffers::Buffer;
use crate::diagnostics::{Abilities, View};
use crate::homes::{self, Home};
use crate::hover;
use crate::positions::Encoding;
use crate::server::Settings;
use crate::uris;
use crate::wire::{self, Incoming, code};

/// Where a session is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    New,
    Running,
    ShutDown,
    Exited { orderly: bool },
}

/// What a client can do.
#[derive(Clone, Debug)]
struct Client {
    encoding: Encoding,
    shows: Abilities,
    markup: MarkupKind,
    /// It takes actions with edits, and not only names of commands.
    actions: bool,
    versions: bool,
    watches: bool,
}

/// A checkout in which documents are open.
#[derive(Debug, Default)]
struct Checkout {
    /// As it was read last, or the report that says why it was not.
    standing: Option<Result<Standing, Box<Report>>>,
    parsed: Parsed,
    dirty: bool,
}

pub(crate) struct Session {
    settings: Settings,
    phase: Phase,
    client: Client,
    folders: Vec<PathBuf>,
    buffers: BTreeMap<String, Buffer>,
    checkouts: BTreeMap<Home, Checkout>,
    said: Vec<Value>,
}

/// Why a request has no result.
struct Refusal {
    code: i64,
    message: String,
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal {
        code: code::INVALID_PARAMS,
        message: error.to_string(),
    })
}

impl Session {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            phase: Phase::New,
            client: Client {
                encoding: Encoding::Utf16,
                shows: Abilities::default(),
                markup: MarkupKind::PlainText,
                actions: false,
                versions: false,
                watches: false,
            },
            folders: Vec::new(),
            buffers: BTreeMap::new(),
            checkouts: BTreeMap::new(),
            said: Vec::new(),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// What is to be sent.
    pub(crate) fn said(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.said)
    }

    pub(crate) fn say(&mut self, message: Value) {
        self.said.push(message);
    }

    /// Whether something changed that was not looked at yet.
    pub(crate) fn is_dirty(&self) -> bool {
        self.checkouts.values().any(|checkout| checkout.dirty)
    }

    pub(crate) fn take(&mut self, message: Incoming) {
        match message {
            Incoming::Request { id, method, params } => {
                let answer = match self.request(&method, params) {
                    Ok(result) => wire::result(&id, &result),
                    Err(refusal) => wire::error(&id, refusal.code, &refusal.message),
                };
                self.say(answer);
            }
            Incoming::Notification { method, params } => self.notified(&method, params),
            Incoming::Answer => {}
            Incoming::Malformed { id, code, message } => {
                self.say(wire::error(&id, code, &message));
            }
        }
    }

    fn request(&mut self, method: &str, params: Value) -> Result<Value, Refusal> {
        let refusal = |code, message: &str| {
            Err(Refusal {
                code,
                message: message.to_owned(),
            })
        };
        match (self.phase, method) {
            (Phase::New, "initialize") => self.initialize(parse(params)?),
            (Phase::New, _) => refusal(code::NOT_INITIALIZED, "`initialize` comes first"),
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            (Phase::Running, "textDocument/hover") => {
                self.settle();
                Ok(self.hover(&parse(params)?))
            }
            (Phase::Running, "textDocument/codeAction") => {
                self.settle();
                self.actions(params)
            }
            (Phase::Running, "initialize") => refusal(code::INVALID_REQUEST, "initialized already"),
            (Phase::Running, _) => refusal(code::METHOD_NOT_FOUND, "this server cannot do that"),
            _ => refusal(code::INVALID_REQUEST, "the server was shut down"),
        }
    }

    /// Notifications have no answer; one that cannot be read is passed over.
    fn notified(&mut self, method: &str, params: Value) {
        if method == "exit" {
            let orderly = self.phase == Phase::ShutDown;
            self.phase = Phase::Exited { orderly };
            return;
        }
        if self.phase != Phase::Running {
            return;
        }
        let done = match method {
            "initialized" => {
                self.watch();
                Ok(())
            }
            "textDocument/didOpen" => parse(params).map(|params| self.opened(params)),
            "textDocument/didChange" => parse(params).map(|params| self.changed(params)),
            "textDocument/didSave" => parse(params).map(|params: DidSaveTextDocumentParams| {
                self.stale_around(&params.text_document.uri);
            }),
            "textDocument/didClose" => parse(params).map(|params| self.closed(&params)),
            "workspace/didChangeWatchedFiles" => {
                parse(params).map(|params: DidChangeWatchedFilesParams| {
                    for change in params.changes {
                        self.stale_around(&change.uri);
                    }
                })
            }
            "workspace/didChangeWorkspaceFolders" => {
                parse(params).map(|params| self.other_folders(&params))
            }
            _ => Ok(()),
        };
        if let Err(refusal) = done {
            let text = format!("{method} was not understood: {}", refusal.message);
            self.say(wire::notification(
                "window/logMessage",
                &json!({"type": 1, "message": text}),
            ));
        }
    }

    fn initialize(&mut self, params: InitializeParams) -> Result<Value, Refusal> {
        let client = params.capabilities;
        let general = client.general.unwrap_or_default();
        let document = client.text_document.unwrap_or_default();
        let workspace = client.workspace.unwrap_or_default();
        let publish = document.publish_diagnostics.unwrap_or_default();
        let formats = document.hover.and_then(|hover| hover.content_format);
        let markdown = formats.is_some_and(|formats| formats.contains(&MarkupKind::Markdown));
        let literals = (document.code_action).and_then(|action| action.code_action_literal_support);
        self.client = Client {
            encoding: Encoding::negotiate(general.position_encodings.as_deref()),
            shows: Abilities {
                related: publish.related_information == Some(true),
                pages: publish.code_description_support == Some(true),
                tags: publish.tag_support.is_some(),
            },
            markup: match markdown {
                true => MarkupKind::Markdown,
                false => MarkupKind::PlainText,
            },
            actions: literals.is_some(),
            versions: (workspace.workspace_edit).and_then(|edit| edit.document_changes)
                == Some(true),
            watches: (workspace.did_change_watched_files)
                .and_then(|watch| watch.dynamic_registration)
                == Some(true),
        };
        #[expect(deprecated, reason = "clients that know no other still send it")]
        let root = params.root_uri;
        let folders = params.workspace_folders.unwrap_or_default();
        let folders = folders.into_iter().map(|folder| folder.uri);
        self.folders = folders.filter_map(|uri| uris::path(uri.as_str())).collect();
        if self.folders.is_empty() {
            self.folders
                .extend(root.and_then(|uri| uris::path(uri.as_str())));
        }
        self.phase = Phase::Running;
        Ok(json!({
            "serverInfo": {"name": "cofferdam", "version": self.settings.version},
            "capabilities": {
                "positionEncoding": self.client.encoding.kind(),
                "textDocumentSync": {"openClose": true, "change": 2, "save": true},
                "hoverProvider": true,
                "codeActionProvider": {"codeActionKinds": [actions::QUICK, actions::ALL]},
                "workspace": {
                    "workspaceFolders": {"supported": true, "changeNotifications": true},
                },
            },
        }))
    }

    /// Asks to hear of files that have a say and change on disk.
    fn watch(&mut self) {
        if !self.client.watches {
            return;
        }
        let globs = [
            "**/.github/**",
            "**/*.{yml,yaml}",
            "**/{Dockerfile,Containerfile}*",
            "**/{cofferdam.toml,renovate.json,renovate.json5,.renovaterc,CODEOWNERS}",
            "**/*.md",
            "**/.git/index",
        ];
        let watchers: Vec<Value> = globs
            .iter()
            .map(|glob| json!({"globPattern": glob}))
            .collect();
        self.say(json!({
            "jsonrpc": "2.0",
            "id": "watch",
            "method": "client/registerCapability",
            "params": {"registrations": [{
                "id": "watch",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": {"watchers": watchers},
            }]},
        }));
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let found =
            uris::path(document.uri.as_str()).and_then(|path| homes::find(&path, &self.folders));
        let Some((home, name)) = found else { return };
        let checkout = self.checkouts.entry(home.clone()).or_default();
        checkout.standing = None;
        checkout.dirty = true;
        let key = document.uri.as_str().to_owned();
        let buffer = Buffer::new(document.uri, document.version, home, &name, document.text);
        self.buffers.insert(key, buffer);
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let document = params.text_document;
        let Some(buffer) = self.buffers.get_mut(document.uri.as_str()) else {
            return;
        };
        buffer.change(
            document.version,
            params.content_changes,
            self.client.encoding,
        );
        if let Some(checkout) = self.checkouts.get_mut(&buffer.home) {
            checkout.dirty = true;
        }
    }

    fn closed(&mut self, params: &DidCloseTextDocumentParams) {
        let uri = &params.text_document.uri;
        let Some(buffer) = self.buffers.remove(uri.as_str()) else {
            return;
        };
        self.publish(uri.clone(), Vec::new(), None);
        if self.buffers.values().any(|other| other.home == buffer.home) {
            if let Some(checkout) = self.checkouts.get_mut(&buffer.home) {
                checkout.standing = None;
                checkout.dirty = true;
            }
        } else {
            self.checkouts.remove(&buffer.home);
        }
    }

    /// The checkouts around a file on disk are read again.
    fn stale_around(&mut self, uri: &Uri) {
        let Some(path) = uris::path(uri.as_str()) else {
            return;
        };
        for (home, checkout) in &mut self.checkouts {
            let Home::Checkout(root) = home else { continue };
            let name = homes::name_in(root, &path);
            let concerns = name.is_some_and(|name| {
                Standing::concerns(&name) || name.starts_with(".git") || name.ends_with(".toml")
            });
            if concerns {
                checkout.standing = None;
                checkout.dirty = true;
            }
        }
    }

    fn other_folders(&mut self, params: &DidChangeWorkspaceFoldersParams) {
        let path = |folder: &WorkspaceFolder| uris::path(folder.uri.as_str());
        let gone: Vec<PathBuf> = params.event.removed.iter().filter_map(path).collect();
        self.folders.retain(|folder| !gone.contains(folder));
        self.folders
            .extend(params.event.added.iter().filter_map(path));
        self.checkouts.clear();
        for buffer in self.buffers.values_mut() {
            let found =
                uris::path(buffer.uri.as_str()).and_then(|path| homes::find(&path, &self.folders));
            if let Some((home, name)) = found {
                buffer.text = SourceFile::new(name, buffer.text.text());
                buffer.home = home;
            }
            self.checkouts.entry(buffer.home.clone()).or_default().dirty = true;
        }
    }

    /// Looks at everything that changed, and tells the client.
    pub(crate) fn settle(&mut self) {
        let homes: Vec<Home> = (self.checkouts.iter())
            .filter(|(_, checkout)| checkout.dirty)
            .map(|(home, _)| home.clone())
            .collect();
        for home in homes {
            (self.settings.refresh)(&mut self.settings.options);
            self.judge(&home);
        }
    }

    fn judge(&mut self, home: &Home) {
        let over = self.texts(home);
        let Some(checkout) = self.checkouts.get_mut(home) else {
            return;
        };
        checkout.dirty = false;
        let snapshot = checkout.snapshot(home, &over, &self.settings.options);
        let view = View {
            report: &snapshot.report,
            texts: &snapshot.texts,
            home,
            encoding: self.client.encoding,
            abilities: self.client.shows,
        };
        let mut news = Vec::new();
        for buffer in self
            .buffers
            .values_mut()
            .filter(|buffer| buffer.home == *home)
        {
            let before = buffer.diagnostics();
            buffer.shown = view.of(&buffer.text);
            let now = buffer.diagnostics();
            if std::mem::take(&mut buffer.changed) || before != now {
                news.push((buffer.uri.clone(), now, buffer.version));
            }
        }
        for (uri, diagnostics, version) in news {
            self.publish(uri, diagnostics, Some(version));
        }
    }

    fn texts(&self, home: &Home) -> Vec<SourceFile> {
        let here = self.buffers.values().filter(|buffer| buffer.home == *home);
        here.map(|buffer| buffer.text.clone()).collect()
    }

    fn publish(&mut self, uri: Uri, diagnostics: Vec<lsp_types::Diagnostic>, version: Option<i32>) {
        let params = PublishDiagnosticsParams::new(uri, diagnostics, version);
        self.say(wire::notification(
            "textDocument/publishDiagnostics",
            &json!(params),
        ));
    }

    fn hover(&self, params: &HoverParams) -> Value {
        let place = &params.text_document_position_params;
        let buffer = self.buffers.get(place.text_document.uri.as_str());
        buffer.map_or(Value::Null, |buffer| {
            hover::hover(
                buffer,
                place.position,
                self.client.encoding,
                &self.client.markup,
            )
        })
    }

    fn actions(&mut self, params: Value) -> Result<Value, Refusal> {
        let params: lsp_types::CodeActionParams = parse(params)?;
        let Some(buffer) = self.buffers.get(params.text_document.uri.as_str()) else {
            return Ok(json!([]));
        };
        let home = &buffer.home;
        let over = self.texts(home);
        let Some(Checkout {
            standing: Some(Ok(standing)),
            parsed,
            ..
        }) = self.checkouts.get(home).filter(|_| self.client.actions)
        else {
            return Ok(json!([]));
        };
        let mend = |wanted| {
            let options = &self.settings.options;
            standing.mend(&over, parsed, &wanted, options).ok()
        };
        let writer = Writer {
            encoding: self.client.encoding,
            versions: self.client.versions,
            root: match home {
                Home::Checkout(root) => Some(root),
                Home::Alone(_) => None,
            },
            buffers: &self.buffers,
        };
        let only: Option<Vec<String>> = (params.context.only)
            .map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
        let mut found = Vec::new();
        if actions::is_wanted(only.as_deref(), actions::QUICK) {
            for shown in actions::fixable(buffer, params.range) {
                let outcome = mend(actions::of_one(shown));
                found.extend(outcome.and_then(|outcome| writer.quick(shown, &outcome)));
            }
        }
        // While the cursor moves, only what stands under it is worked out.
        let automatic = params.context.trigger_kind == Some(CodeActionTriggerKind::AUTOMATIC);
        if actions::is_wanted(only.as_deref(), actions::ALL) && (only.is_some() || !automatic) {
            let outcome = actions::of_all(buffer).and_then(mend);
            found.extend(outcome.and_then(|outcome| writer.all(&outcome)));
        }
        found.sort_by_key(|action| action.get("isPreferred") == Some(&json!(false)));
        Ok(json!(found))
    }
}

impl Checkout {
    /// What is found, with the open texts laid over what is on disk.
    fn snapshot(&mut self, home: &Home, over: &[SourceFile], options: &Options) -> Snapshot {
        let failed = |error: cofferdam_pipelines::AuditError| {
            let mut report = error.into_report("");
            for gap in &mut report.not_checked {
                gap.message = format!("nothing could be judged: {}", gap.message);
            }
            Box::new(report)
        };
        let standing = self.standing.get_or_insert_with(|| {
            let read = match home {
                Home::Checkout(root) => Standing::read(root, options),
                Home::Alone(path) => {
                    let name = path.file_name().unwrap_or_default();
                    Standing::alone(&name.to_string_lossy(), options)
                }
            };
            read.map_err(failed)
        });
        let found = match standing {
            Ok(standing) => standing.audit(over, &self.parsed, options).map_err(failed),
            Err(report) => Err(report.clone()),
        };
        found.unwrap_or_else(|report| Snapshot {
            report: *report,
            texts: (over.iter())
                .map(|file| (file.path().to_owned(), file.clone()))
                .collect(),
        })
    }
}
