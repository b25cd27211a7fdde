//! A blob as text: `path` is `CONTAINER/NAME`, and neither of the two needs to be there.

use crate::bindings::declaration::DataType;
use crate::bindings::error::BindingError;
use crate::bindings::value::BoundValue;
use crate::envelope::body_text;

/// The container and the name that a resolved path means.
pub(crate) fn parse_path(path: &str) -> Result<(&str, &str), BindingError> {
    let invalid = || {
        BindingError::invalid_operation(format_args!(
            "Validation failed for property 'BlobPath', value '{path}'. The field BlobPath is invalid."
        ))
    };
    let Some((container, name)) = path
        .split_once('/')
        .filter(|(container, _)| !container.is_empty())
    else {
        if !is_container(path) {
            return Err(invalid());
        }
        return Err(BindingError::format(format_args!(
            "Invalid blob path specified : '{path}'. Blob identifiers must be in the format 'container/blob'."
        )));
    };
    let is_name = (1..=1024).contains(&name.encode_utf16().count())
        && !name.ends_with(['.', '/'])
        && !name.contains('\\');
    if is_name && is_container(container) {
        Ok((container, name))
    } else {
        Err(invalid())
    }
}

fn is_container(name: &str) -> bool {
    let is_end = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let bytes = name.as_bytes();
    name == "$root"
        || ((3..=63).contains(&bytes.len())
            && is_end(bytes.first())
            && is_end(bytes.last())
            && bytes.iter().all(|byte| {
                // The host's own expression lets the last two through, whatever the service says
                // then.
                byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || matches!(byte, b'-' | b'[' | b'^')
            }))
}

/// What becomes of a blob's content.
pub(crate) fn value(content: Option<Vec<u8>>, data_type: DataType) -> BoundValue {
    match (content, data_type) {
        (None, _) | (_, DataType::Stream) => BoundValue::Nothing,
        (Some(content), DataType::Binary) => BoundValue::Bytes(content),
        (Some(content), DataType::Undefined | DataType::String) => {
            BoundValue::Text(body_text::decode(&content))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_container_and_a_name() {
        assert_eq!(parse_path("rows/a/b.json"), Ok(("rows", "a/b.json")));
        assert_eq!(parse_path("$root/x"), Ok(("$root", "x")));
        let long = format!("xyz/{}", "a".repeat(1025));
        for path in [
            "xyz/",
            r"xyz/a\b.json",
            "xyz/a.",
            "xyz/a/",
            "XYZ/a",
            "x/a",
            "-xy/a",
            long.as_str(),
        ] {
            let error = parse_path(path).unwrap_err();
            assert_eq!(
                error.chain(),
                [format!(
                    "System.InvalidOperationException: Validation failed for property 'BlobPath', value '{path}'. The field BlobPath is invalid."
                )]
            );
        }
        assert!(
            parse_path("xyz").unwrap_err().chain()[0]
                .contains("must be in the format 'container/blob'")
        );
    }
}
