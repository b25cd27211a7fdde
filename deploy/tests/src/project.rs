//! A deployment's files, and what an expression can come to.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::bicep::{self, Declaration, Expression, File, For, Kind, Part};

/// All `.bicep` and `.bicepparam` files below a folder, by their path in it.
#[derive(Clone, Debug)]
pub struct Project {
    /// The files as they were read.
    pub files: BTreeMap<String, File>,
}

/// An expression and the file that it stands in.
pub type Found<'a> = (&'a str, &'a Expression);

/// The loops around an expression, the innermost last.
pub type Loops<'a> = Vec<&'a For>;

/// Symbols that mean symbols that mean symbols end somewhere.
const DEPTH: usize = 24;

impl Project {
    /// Reads the texts of files.
    ///
    /// # Errors
    /// When one is not Bicep; the error names it and the line.
    pub fn parse(texts: &BTreeMap<String, String>) -> Result<Self> {
        let mut files = BTreeMap::new();
        for (path, text) in texts {
            let file = bicep::parse(text).with_context(|| path.clone())?;
            files.insert(path.clone(), file);
        }
        Ok(Self { files })
    }

    /// All declarations of one kind, with their files.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = (&str, &Declaration)> {
        self.files.iter().flat_map(move |(path, file)| {
            file.declarations
                .iter()
                .filter(move |declaration| declaration.kind == kind)
                .map(move |declaration| (path.as_str(), declaration))
        })
    }

    /// All resources, also those that are only looked up, of a type without its version.
    pub fn resources<'a>(
        &'a self,
        of: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Declaration)> {
        self.all(Kind::Resource)
            .filter(move |(_, resource)| type_of(resource) == of)
    }

    /// The declaration of a symbol.
    #[must_use]
    pub fn symbol(&self, path: &str, name: &str) -> Option<&Declaration> {
        let declarations = &self.files.get(path)?.declarations;
        declarations.iter().find(|declaration| {
            declaration.name == name
                && !matches!(declaration.kind, Kind::Output | Kind::TargetScope)
        })
    }

    /// The file that a module is made of.
    #[must_use]
    pub fn target(&self, path: &str, module: &Declaration) -> Option<&str> {
        let target = resolve(path, &module.of);
        self.files
            .get_key_value(&target)
            .map(|(path, _)| path.as_str())
    }

    /// What an expression can come to, as far as literals lead: both branches of a condition, the
    /// values that all modules give to a parameter, the items of a loop. Where no literal is found,
    /// the expression that was the last.
    #[must_use]
    pub fn values<'a>(
        &'a self,
        path: &'a str,
        expression: &'a Expression,
        loops: &Loops<'a>,
    ) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        self.collect(path, expression, loops, DEPTH, &mut found);
        found
    }

    fn collect<'a>(
        &'a self,
        path: &'a str,
        expression: &'a Expression,
        loops: &Loops<'a>,
        depth: usize,
        found: &mut Vec<Found<'a>>,
    ) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        let before = found.len();
        match expression {
            Expression::If(_, yes, no) => {
                self.collect(path, yes, loops, depth, found);
                self.collect(path, no, loops, depth, found);
            }
            Expression::Sure(value) => self.collect(path, value, loops, depth, found),
            Expression::Call(None, name, arguments) if name == "union" => {
                for argument in arguments {
                    self.collect(path, argument, loops, depth, found);
                }
            }
            Expression::Member(value, name) => {
                let mut objects = Vec::new();
                self.collect(path, value, loops, depth, &mut objects);
                for (path, object) in objects {
                    if let Some(value) = object.get(name) {
                        self.collect(path, value, &Vec::new(), depth, found);
                    }
                }
            }
            Expression::Name(name) => {
                let each = loops
                    .iter()
                    .rev()
                    .find(|each| each.names.first() == Some(name));
                if let Some(each) = each {
                    let mut lists = Vec::new();
                    self.collect(path, &each.over, loops, depth, &mut lists);
                    for (path, list) in lists {
                        if let Expression::Array(items) = list {
                            for item in items {
                                self.collect(path, item, &Vec::new(), depth, found);
                            }
                        }
                    }
                } else if let Some(symbol) = self.symbol(path, name) {
                    self.collect_symbol(path, symbol, depth, found);
                }
            }
            _ => {}
        }
        if found.len() == before {
            found.push((path, expression));
        }
    }

    fn collect_symbol<'a>(
        &'a self,
        path: &'a str,
        symbol: &'a Declaration,
        depth: usize,
        found: &mut Vec<Found<'a>>,
    ) {
        if !matches!(symbol.kind, Kind::Param | Kind::Var) {
            return;
        }
        if let Some(value) = &symbol.value {
            self.collect(path, value, &Vec::new(), depth, found);
        }
        if let Some([Expression::Array(allowed)]) = symbol.decorator("allowed") {
            found.extend(allowed.iter().map(|value| (path, value)));
        }
        if symbol.kind == Kind::Param {
            for (caller, value) in self.arguments(path, &symbol.name) {
                self.collect(caller, value, &Vec::new(), depth, found);
            }
        }
    }

    /// What all modules and parameter files give to a parameter of a file.
    fn arguments<'a>(&'a self, path: &'a str, name: &'a str) -> Vec<Found<'a>> {
        let modules = self.all(Kind::Module).filter_map(move |(caller, module)| {
            let given = module.value.as_ref()?.get("params")?.get(name)?;
            (resolve(caller, &module.of) == path).then_some((caller, given))
        });
        let files = self.all(Kind::Using).filter_map(move |(caller, using)| {
            let given = self.symbol(caller, name)?.value.as_ref()?;
            (resolve(caller, &using.of) == path).then_some((caller, given))
        });
        modules.chain(files).collect()
    }
}

/// Stands for what `uniqueString` gives: 13 characters.
pub const HASH: &str = "abcdefghijklm";

impl Project {
    /// Texts that an expression can come to, with [`HASH`] for a hash and the default for an
    /// environment variable. None where a part is not known before the deployment.
    #[must_use]
    pub fn samples<'a>(
        &'a self,
        path: &'a str,
        expression: &'a Expression,
        loops: &Loops<'a>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        self.sample(path, expression, loops, DEPTH, &mut found);
        found.sort();
        found.dedup();
        found
    }

    fn sample<'a>(
        &'a self,
        path: &'a str,
        expression: &'a Expression,
        loops: &Loops<'a>,
        depth: usize,
        found: &mut Vec<String>,
    ) {
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        match expression {
            Expression::String(parts) => {
                let mut texts = vec![String::new()];
                for part in parts {
                    let mut pieces = Vec::new();
                    match part {
                        Part::Text(text) => pieces.push(text.clone()),
                        Part::Value(value) => self.sample(path, value, loops, depth, &mut pieces),
                    }
                    texts = texts
                        .iter()
                        .flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")))
                        .collect();
                }
                found.extend(texts);
            }
            Expression::Call(None, name, arguments) => match (name.as_str(), &arguments[..]) {
                ("uniqueString", _) => found.push(HASH.to_owned()),
                ("readEnvironmentVariable", [_, default]) => {
                    self.sample(path, default, loops, depth, found);
                }
                _ => {}
            },
            Expression::If(_, yes, no) => {
                self.sample(path, yes, loops, depth, found);
                self.sample(path, no, loops, depth, found);
            }
            Expression::Sure(value) => self.sample(path, value, loops, depth, found),
            Expression::Member(value, member) => {
                if let Some((path, declaration)) = self.named(path, value, member) {
                    let value = match declaration.kind {
                        Kind::Resource => {
                            declaration.value.as_ref().and_then(|body| body.get("name"))
                        }
                        _ => declaration.value.as_ref(),
                    };
                    if let Some(value) = value {
                        let loops = declaration.each.iter().collect();
                        self.sample(path, value, &loops, depth, found);
                    }
                } else {
                    let loops = Vec::new();
                    for (path, value) in self.values(path, expression, &loops) {
                        if matches!(value, Expression::String(_)) {
                            self.sample(path, value, &loops, depth, found);
                        }
                    }
                }
            }
            Expression::Name(name) => {
                let each = loops
                    .iter()
                    .rev()
                    .find(|each| each.names.first() == Some(name));
                if let Some(each) = each {
                    for (path, list) in self.values(path, &each.over, &Vec::new()) {
                        match list {
                            Expression::Array(items) => {
                                for item in items {
                                    self.sample(path, item, &Vec::new(), depth, found);
                                }
                            }
                            Expression::For(each, body) => {
                                self.sample(path, body, &vec![each], depth, found);
                            }
                            _ => {}
                        }
                    }
                    return;
                }
                let Some(symbol) = self.symbol(path, name) else {
                    return;
                };
                if matches!(symbol.kind, Kind::Param | Kind::Var) {
                    if let Some(value) = &symbol.value {
                        self.sample(path, value, &Vec::new(), depth, found);
                    }
                    for (caller, value) in self.arguments(path, name) {
                        self.sample(caller, value, &Vec::new(), depth, found);
                    }
                }
            }
            _ => {}
        }
    }

    /// The resource of `RESOURCE.name`, or the output of `MODULE.outputs.NAME`.
    fn named(&self, path: &str, value: &Expression, member: &str) -> Option<(&str, &Declaration)> {
        let name_of = |value: &Expression| match value {
            Expression::Name(name) => Some(name.clone()),
            Expression::Sure(value) => match &**value {
                Expression::Name(name) => Some(name.clone()),
                _ => None,
            },
            _ => None,
        };
        if let Expression::Member(module, outputs) = value
            && outputs == "outputs"
        {
            let module = self.symbol(path, &name_of(module)?)?;
            let target = self.target(path, module)?;
            let outputs = &self.files[target].declarations;
            let output = outputs
                .iter()
                .find(|found| found.kind == Kind::Output && found.name == member)?;
            return Some((target, output));
        }
        let symbol = self.symbol(path, &name_of(value)?)?;
        let (path, _) = self.files.get_key_value(path)?;
        (symbol.kind == Kind::Resource && member == "name").then_some((path, symbol))
    }
}

/// A resource's type without its version.
#[must_use]
pub fn type_of(resource: &Declaration) -> &str {
    resource.of.split('@').next().unwrap_or_default()
}

/// A path that a file names, relative to the project.
fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The texts of all `.bicep` and `.bicepparam` files below a folder, by their path in it.
///
/// # Errors
/// When one can't be read.
pub fn texts(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let context = || format!("cannot read {}", next.display());
        for entry in fs::read_dir(&next).with_context(context)? {
            let path = entry.with_context(context)?.path();
            let extension = path.extension().and_then(|extension| extension.to_str());
            if path.is_dir() {
                folders.push(path);
            } else if let Some("bicep" | "bicepparam") = extension {
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                let name = path
                    .strip_prefix(folder)?
                    .to_string_lossy()
                    .replace('\\', "/");
                texts.insert(name, text);
            }
        }
    }
    Ok(texts)
}
