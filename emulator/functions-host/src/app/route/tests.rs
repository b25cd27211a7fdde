//! Templates against paths, a table for each kind of part.

use super::*;

type Values<'a> = Option<&'a [(&'a str, Option<&'a str>)]>;

#[track_caller]
fn check(template: &str, path: &str, values: Values<'_>) {
    let expected = values.map(|values| {
        values
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.map(str::to_owned)))
            .collect::<Vec<_>>()
    });
    assert_eq!(
        Route::parse(template).unwrap().matches(path),
        expected,
        "{template} {path}"
    );
}

#[test]
fn literals_match_in_any_case() {
    check("api/HttpTrigger1", "/api/HttpTrigger1", Some(&[]));
    check("api/HttpTrigger1", "/API/httptrigger1/", Some(&[]));
    check("/api/HttpTrigger1/", "/api/HttpTrigger1", Some(&[]));
    check("~/a", "/a", Some(&[]));
    check("a{{b}}", "/a{b}", Some(&[]));
    check("api/HttpTrigger1", "/api//HttpTrigger1", None);
    check("api/HttpTrigger1", "/api/HttpTrigger1//", None);
    check("api/HttpTrigger1", "/api/HttpTrigger12", None);
    check("api/HttpTrigger1", "/api/HttpTrigger1/more", None);
    check("api/HttpTrigger1", "/api", None);
    check("", "/", Some(&[]));
    check("", "/a", None);
}

#[test]
fn parameters_take_a_segment_and_keep_its_case() {
    let values: Values<'_> = Some(&[("id", Some("A b")), ("opt", None)]);
    check("items/{id}/{opt?}", "/items/A b", values);
    let values: Values<'_> = Some(&[("id", Some("42")), ("opt", Some("x"))]);
    check("items/{id}/{opt?}", "/items/42/x", values);
    check("items/{id}/{opt?}", "/items", None);
    check("items/{id}/{opt?}", "/items//x", None);
    check("items/{id=7}", "/items", Some(&[("id", Some("7"))]));
    check("items/{id=7}", "/items/8", Some(&[("id", Some("8"))]));
    check("a/{b?}/c", "/a/x/c", Some(&[("b", Some("x"))]));
    check("a/{b?}/c", "/a/c", None);
    let values: Values<'_> = Some(&[("a", Some("1")), ("b", Some("y=z"))]);
    check("{a=1}/{b=y=z}", "/", values);
}

#[test]
fn a_catch_all_takes_the_rest_or_nothing() {
    check("{*rest}", "/a/b/c", Some(&[("rest", Some("a/b/c"))]));
    check("{**rest}", "/a/b", Some(&[("rest", Some("a/b"))]));
    check("files/{*rest}", "/files", Some(&[("rest", None)]));
    check("files/{*rest}", "/files/", Some(&[("rest", None)]));
    check("files/{*rest=x}", "/files", Some(&[("rest", Some("x"))]));
    let values: Values<'_> = Some(&[("rest", Some("a//b/"))]);
    check("files/{*rest}", "/files/a//b/", values);
    check("files/{*rest}", "/files//a", None);
    // Without a value no constraint but one holds.
    check("files/{*rest:alpha}", "/files", None);
    check(
        "files/{*rest:alpha}",
        "/files/a",
        Some(&[("rest", Some("a"))]),
    );
    check("files/{*rest:nonfile}", "/files", Some(&[("rest", None)]));
    check("files/{*rest:nonfile}", "/files/a/b.css", None);
    let values: Values<'_> = Some(&[("rest", Some("a/b.css"))]);
    check("files/{*rest:file}", "/files/a/b.css", values);
}

#[test]
fn complex_segments_are_matched_from_the_right() {
    for (template, text, values) in [
        (
            "{name}.{ext}",
            "a.b.c",
            Some([("name", Some("a.b")), ("ext", Some("c"))]),
        ),
        ("{name}.{ext}", "a.", None),
        ("{name}.{ext}", ".a", None),
        ("{name}.{ext}", "a", None),
        (
            "{name}.{ext?}",
            "a.b",
            Some([("name", Some("a")), ("ext", Some("b"))]),
        ),
        (
            "{name}.{ext?}",
            "a",
            Some([("name", Some("a")), ("ext", None)]),
        ),
        ("{name}.{ext?}", "a.", None),
        (
            "v{a}-{b}",
            "V1-2",
            Some([("a", Some("1")), ("b", Some("2"))]),
        ),
        ("v{a}-{b}", "1-2", None),
        (
            "v{a}-{b}x",
            "v1-2X",
            Some([("a", Some("1")), ("b", Some("2"))]),
        ),
        ("v{a}-{b}x", "v1-2y", None),
        // The documentation's: no choice is taken back.
        (
            "a{b}c{d}",
            "abcd",
            Some([("b", Some("b")), ("d", Some("d"))]),
        ),
        ("a{b}c{d}", "aabcd", None),
        ("{a}b{c}", "xbb", Some([("a", Some("x")), ("c", Some("b"))])),
        ("{a}b{c}", "xby", Some([("a", Some("x")), ("c", Some("y"))])),
        (
            "{a}aa{b}",
            "aaaaa",
            Some([("a", Some("aa")), ("b", Some("a"))]),
        ),
        (
            "{a:int}-{b:alpha}",
            "1-x",
            Some([("a", Some("1")), ("b", Some("x"))]),
        ),
        ("{a:int}-{b:alpha}", "1-2", None),
        ("{a}ü{b}", "éÜé", Some([("a", Some("é")), ("b", Some("é"))])),
    ] {
        let template = format!("files/{template}");
        let values = values.as_ref().map(|values| &values[..]);
        check(&template, &format!("/files/{text}"), values);
    }
    check("v{version:int}/x", "/v2/x", Some(&[("version", Some("2"))]));
    check("v{version:int}/x", "/vx/x", None);
    check("v{version:int}/x", "/v", None);
    check("{a}-x", "/1-x", Some(&[("a", Some("1"))]));
    check("{a}-x", "/1-x-y", None);
}

#[test]
fn constraints_decide_whether_a_route_matches() {
    for (constraint, good, bad) in [
        ("int", "-7", "7.5"),
        ("int", " +7", "7 7"),
        ("int", "2147483647", "2147483648"),
        ("INT", "1", "x"),
        ("long", "9999999999", "9223372036854775808"),
        ("bool", "True", "1"),
        ("bool", " false ", "no"),
        ("double", "7.5", "seven"),
        ("double", "-1,000.5e-3", "1e"),
        ("float", "nan", "-"),
        ("double", "1e999", "1..2"),
        ("decimal", "1,000.50", "1e3"),
        ("decimal", "5-", "-5-"),
        (
            "decimal",
            "79228162514264337593543950335",
            "79228162514264337593543950336",
        ),
        ("guid", "5f0a7d7e-6c0e-4b57-9d3f-2f6d1f4d7a10", "5f0a"),
        (
            "guid",
            "{{5f0a7d7e-6c0e-4b57-9d3f-2f6d1f4d7a10}}",
            "(5f0a7d7e)",
        ),
        (
            "guid",
            "5F0A7D7E6C0E4B579D3F2F6D1F4D7A10",
            "urn:uuid:5f0a7d7e-6c0e-4b57-9d3f-2f6d1f4d7a10",
        ),
        ("alpha", "abc", "a1"),
        ("required", "x", "x/y"),
        ("file", "a.b", "a"),
        ("nonfile", "a.", ".b"),
        ("length(2)", "ab", "abc"),
        ("length(1,2)", "ab", "abc"),
        ("length( 1 , 2 )", "ä", "äöü"),
        ("minlength(2)", "😀", "ä"),
        ("maxlength(2)", "ab", "abc"),
        ("min(3)", "3", "2"),
        ("max(3)", "-3", "4"),
        ("range(1,3)", "2", "4"),
        ("int:min(1)", "1", "0"),
        (r"regex(^\d+$)", "42", "4x"),
        (r"regex(^\d{{2}}$)", "42", "421"),
        (r"regex(^(a|b:c)-(\w)$)", "B:C-d", "bc-d"),
        ("regex(b)", "abc", "acd"),
        ("regex(^(?!x).)", "a", "xa"),
        ("regex(^[a-z-[aeiou]]+$)", "bcd", "bad"),
        ("regex(^[[&]$)", "[", "x"),
    ] {
        let template = format!("items/{{id:{constraint}}}");
        let good = good.replace("{{", "{").replace("}}", "}");
        let values: Values<'_> = Some(&[("id", Some(&good))]);
        check(&template, &format!("/items/{good}"), values);
        check(&template, &format!("/items/{bad}"), None);
        let optional = format!("items/{{id:{constraint}?}}");
        check(&optional, "/items", Some(&[("id", None)]));
    }
}

#[test]
fn dates_are_read_in_the_usual_spellings() {
    let route = Route::parse("{*at:datetime}").unwrap();
    for good in [
        "2026-12-31",
        "2026-12-31T10:15:30.5Z",
        "2026-12-31T10:15+01:00",
        "2026-12-31 7:32pm",
        "12/31/2026",
        "12-31-2026",
        "2026-02",
        "31 Dec 2026 10:15",
        "Thu, 31 Dec 2026 10:15:30 GMT",
        "December 2026",
        "2/29",
        "10:15",
    ] {
        assert!(route.matches(&format!("/{good}")).is_some(), "{good}");
    }
    for bad in [
        "2026-02-30",
        "31/12/2026",
        "24:00",
        "13:00 pm",
        "10:60",
        "2026",
        "x",
        "Smarch 2026",
        "2026-12-31T10:15:30!",
        "1.2.3.4",
    ] {
        assert!(route.matches(&format!("/{bad}")).is_none(), "{bad}");
    }
}

#[test]
fn a_default_must_hold_its_constraints_too() {
    let template = "alpha/{name:alpha:length(2,5)=joe}";
    check(template, "/alpha", Some(&[("name", Some("joe"))]));
    check(template, "/alpha/a", None);
    check("alpha/{name:int=joe}", "/alpha", None);
}

#[test]
fn what_is_no_template_is_told_with_the_reason() {
    for (template, problem) in [
        ("a/{b", "the braces are unbalanced"),
        ("a/b}", "the braces are unbalanced"),
        ("a/{b}}", "the braces are unbalanced"),
        ("a/{b{c}}", "the braces are unbalanced"),
        ("a//b", "there are two slashes in a row"),
        ("~a", "text can't begin with a tilde"),
        (
            "a?/b",
            "the text a? has a question mark, which only a parameter may have",
        ),
        ("items/{}", "\"\" is not a valid parameter name"),
        ("items/{a/b}", "\"a/b\" is not a valid parameter name"),
        ("{a}/{A}", "the parameter A appears more than once"),
        (
            "{a}{b}",
            "two parameters of a segment have no text between them",
        ),
        ("x{*a}", "the catch-all a shares its segment"),
        ("{*rest}/more", "the catch-all rest is not the last segment"),
        ("{*a?}", "the catch-all a is optional, which it is anyway"),
        ("{a=1?}", "the optional parameter a has a default value"),
        (
            "{a?}.b",
            "the optional parameter a is not at the end of its segment",
        ),
        (
            "{a}-{b?}",
            "the optional parameter b may follow nothing but a period",
        ),
        ("{a:text}", "the constraint text is unknown"),
        (
            "{a:int(1)}",
            "the constraint int(1) doesn't take these arguments",
        ),
        ("{a:min}", "the constraint min doesn't take these arguments"),
        (
            "{a:min(x)}",
            "the constraint min(x) doesn't take these arguments",
        ),
        (
            "{a:range(3,1)}",
            "the constraint range(3,1) doesn't take these arguments",
        ),
        (
            "{a:length(-1)}",
            "the constraint length(-1) doesn't take these arguments",
        ),
        (
            "{a:regex}",
            "the constraint regex doesn't take these arguments",
        ),
        (
            "{a:regex(()}",
            "the constraint regex(() has a pattern that can't be read",
        ),
    ] {
        let error = Route::parse(template).unwrap_err();
        assert_eq!(error.to_string(), format!("{problem} in route {template}"));
    }
}

#[test]
fn more_exact_routes_come_first() {
    let mut templates = [
        "items/{*rest}",
        "items/{*rest:int}",
        "items/{id}",
        "items/{id:int}",
        "items/v{id}",
        "items/all",
        "items",
    ]
    .map(|t| Route::parse(t).unwrap());
    templates.sort_by_key(Route::precedence);
    let first: Vec<_> = templates.iter().map(Route::precedence).collect();
    let expected = [
        vec![1],
        vec![1, 1],
        vec![1, 2],
        vec![1, 2],
        vec![1, 3],
        vec![1, 4],
        vec![1, 5],
    ];
    assert_eq!(first, expected);
}
