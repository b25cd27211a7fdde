//! What a file is made of.

/// A file's declarations.
#[derive(Clone, Debug)]
pub struct File {
    /// In the order of the file.
    pub declarations: Vec<Declaration>,
    /// The lines of directives such as `#disable-next-line`.
    pub directives: Vec<usize>,
}

/// `resource NAME 'TYPE' = …` and its kin.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Where it starts.
    pub line: usize,
    /// Which word it starts with.
    pub kind: Kind,
    /// The symbol; empty for `targetScope` and `using`.
    pub name: String,
    /// The type of a resource, param or output, and the path of a module.
    pub of: String,
    /// Whether a resource is only looked up.
    pub existing: bool,
    /// The condition behind `if`.
    pub condition: Option<Expression>,
    /// The loop around the body.
    pub each: Option<For>,
    /// The value or body.
    pub value: Option<Expression>,
    /// What stands before it with an `@`: name and arguments.
    pub decorators: Vec<(String, Vec<Expression>)>,
}

/// The word that a declaration starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are Bicep's own words")]
pub enum Kind {
    TargetScope,
    Param,
    Var,
    Resource,
    Module,
    Output,
    Using,
}

/// `for ITEM in OVER` or `for (ITEM, INDEX) in OVER`.
#[derive(Clone, Debug)]
pub struct For {
    /// The names of the item and of its index.
    pub names: Vec<String>,
    /// What is looped over.
    pub over: Box<Expression>,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Property {
    /// Where it starts.
    pub line: usize,
    /// Its name, which may be interpolated.
    pub key: Vec<Part>,
    /// Its value.
    pub value: Expression,
}

impl Property {
    /// The name, if it is plain text.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.key[..] {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }
}

/// A piece of a string.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Part {
    Text(String),
    Value(Expression),
}

/// An expression. Operators are kept only as far as what they join.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Expression {
    String(Vec<Part>),
    Integer(i64),
    Boolean(bool),
    Null,
    Array(Vec<Expression>),
    Object(Vec<Property>),
    For(For, Box<Expression>),
    Name(String),
    Member(Box<Expression>, String),
    /// `VALUE[INDEX]`
    Index(Box<Expression>, Box<Expression>),
    /// `VALUE!`
    Sure(Box<Expression>),
    /// `NAME(…)`, or `VALUE.NAME(…)` with the value first
    Call(Option<Box<Expression>>, String, Vec<Expression>),
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    /// `!`, `==`, `>` and the like, with what they join
    Operator(Vec<Expression>),
}

impl Expression {
    /// The text of a string without interpolation.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::String(parts) => match &parts[..] {
                [] => Some(""),
                [Part::Text(text)] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The properties of an object.
    #[must_use]
    pub fn properties(&self) -> &[Property] {
        match self {
            Self::Object(properties) => properties,
            _ => &[],
        }
    }

    /// The value of a property.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let property = self
            .properties()
            .iter()
            .find(|property| property.name() == Some(name))?;
        Some(&property.value)
    }

    /// Calls `visit` with this expression and all within it.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::String(parts) => walk_parts(parts, visit),
            Self::Array(items) | Self::Operator(items) => {
                for item in items {
                    item.walk(visit);
                }
            }
            Self::Object(properties) => {
                for property in properties {
                    walk_parts(&property.key, visit);
                    property.value.walk(visit);
                }
            }
            Self::For(each, body) => {
                each.over.walk(visit);
                body.walk(visit);
            }
            Self::Member(value, _) | Self::Sure(value) => value.walk(visit),
            Self::Index(value, index) => {
                value.walk(visit);
                index.walk(visit);
            }
            Self::Call(value, _, arguments) => {
                if let Some(value) = value {
                    value.walk(visit);
                }
                for argument in arguments {
                    argument.walk(visit);
                }
            }
            Self::If(condition, yes, no) => {
                condition.walk(visit);
                yes.walk(visit);
                no.walk(visit);
            }
            Self::Integer(_) | Self::Boolean(_) | Self::Null | Self::Name(_) => {}
        }
    }
}

fn walk_parts<'a>(parts: &'a [Part], visit: &mut dyn FnMut(&'a Expression)) {
    for part in parts {
        if let Part::Value(value) = part {
            value.walk(visit);
        }
    }
}

impl Declaration {
    /// All expressions of the declaration, and all within them.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expression)) {
        for (_, arguments) in &self.decorators {
            for argument in arguments {
                argument.walk(visit);
            }
        }
        if let Some(condition) = &self.condition {
            condition.walk(visit);
        }
        if let Some(each) = &self.each {
            each.over.walk(visit);
        }
        if let Some(value) = &self.value {
            value.walk(visit);
        }
    }

    /// The arguments of a decorator.
    #[must_use]
    pub fn decorator(&self, name: &str) -> Option<&[Expression]> {
        let (_, arguments) = self.decorators.iter().find(|(found, _)| found == name)?;
        Some(arguments)
    }
}
