//! What expressions become in one invocation.

use super::binding_data::BindingData;
use super::filter;
use super::template::Template;
use crate::bindings::error::BindingError;
use crate::bindings::settings::AppSettings;

/// The app's settings and an invocation's data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolver<'a> {
    pub(crate) settings: &'a AppSettings,
    pub(crate) data: &'a BindingData,
}

impl Resolver<'_> {
    /// The text that an expression becomes.
    pub(crate) fn text(&self, text: &str) -> Result<String, BindingError> {
        self.template(text)?.bind(self.data)
    }

    /// The same for a property that may be missing.
    pub(crate) fn optional(&self, text: Option<&str>) -> Result<Option<String>, BindingError> {
        text.map(|text| self.text(text)).transpose()
    }

    /// The `filter` of a table.
    pub(crate) fn filter(&self, text: &str) -> Result<String, BindingError> {
        filter::bind(&self.template(text)?, self.data)
    }

    /// An expression whose names are still to be filled in.
    pub(crate) fn template(&self, text: &str) -> Result<Template, BindingError> {
        Template::parse(text, self.settings)
    }
}
