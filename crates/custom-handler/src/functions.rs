//! The functions that a process serves, and what it answers besides.

use std::fmt::{self, Display};
use std::sync::Arc;

use actix_web::web::{self, ServiceConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::function::{self, Context, Report};
use crate::{EventData, HttpResponse, HttpTrigger};

type Routes = Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>;

/// The functions of an app, each with its name and its routes.
#[derive(Clone, Default)]
pub struct Functions {
    functions: Vec<(&'static str, Routes)>,
}

impl Functions {
    /// No functions yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the function `name`, which is that of its folder, with routes of its own: it has to
    /// read the envelope and to write the answer.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        routes: impl Fn(&mut ServiceConfig) + Send + Sync + 'static,
    ) -> Self {
        self.functions.push((name, Arc::new(routes)));
        self
    }

    /// Adds the function `name` with an HTTP trigger named `req` and an HTTP output named `res`.
    /// `handler` takes the request and returns the response; an error fails the invocation, is
    /// logged, and shown to nobody.
    #[must_use]
    pub fn http<E, H>(self, name: &'static str, handler: H) -> Self
    where
        E: Display + 'static,
        H: AsyncFn(&HttpTrigger<'_>, &Context<'_>) -> Result<HttpResponse<'static>, E>
            + Send
            + Sync
            + 'static,
    {
        self.with(name, function::http(name, handler))
    }

    /// Adds the function `name` with an Event Hub trigger named `events`, of
    /// `"cardinality": "many"`. `work` is done on each batch and reports what has become of it: a
    /// failure makes the batch come again if `function.json` has a retry policy.
    #[must_use]
    pub fn event_hub<H>(self, name: &'static str, work: H) -> Self
    where
        H: AsyncFn(&[EventData<'_>]) -> Report + Send + Sync + 'static,
    {
        self.with(name, function::event_hub(name, work))
    }

    /// Adds the function `name` with any other trigger. `handler` takes the members of `Data`, one
    /// for each input binding, the trigger among them, and returns those of `Outputs`, one for each
    /// output binding, spelled as in `function.json`. An error fails the invocation, is logged, and
    /// shown to nobody.
    ///
    /// The host writes a value that is no JSON object as a string that holds its JSON:
    /// [`decoded`](crate::decoded) reads what it is.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use custom_handler::{Context, Functions};
    /// use serde::{Deserialize, Serialize};
    ///
    /// /// The queue's message, of `{"type": "queueTrigger", "name": "order"}`.
    /// #[derive(Deserialize)]
    /// struct Data {
    ///     #[serde(deserialize_with = "custom_handler::decoded")]
    ///     order: u64,
    /// }
    ///
    /// /// Of `{"type": "queue", "direction": "out", "name": "receipt"}`.
    /// #[derive(Serialize)]
    /// struct Outputs {
    ///     receipt: String,
    /// }
    ///
    /// async fn receive(data: Data, context: &Context<'_>) -> Result<Outputs, Infallible> {
    ///     let order = data.order;
    ///     context.log(format!("order {order} has come"));
    ///     let receipt = format!("we have your order {order}");
    ///     Ok(Outputs { receipt })
    /// }
    ///
    /// let functions = Functions::new().function("Receive", receive);
    /// # assert_eq!(format!("{functions:?}"), r#"["Receive"]"#);
    /// ```
    ///
    /// A handler that needs a client or another thing of the whole process is a closure that holds
    /// it. Without output bindings it returns `()`. A timer, `{"type": "timerTrigger", "name":
    /// "timer", "schedule": "0 */5 * * * *"}`:
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use custom_handler::{Context, Functions};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Data {
    ///     #[serde(deserialize_with = "custom_handler::decoded")]
    ///     timer: TimerInfo,
    /// }
    ///
    /// #[derive(Deserialize)]
    /// #[serde(rename_all = "PascalCase")]
    /// struct TimerInfo {
    ///     is_past_due: bool,
    /// }
    ///
    /// let ticks = Arc::new(AtomicU64::new(0));
    /// let functions = Functions::new().function(
    ///     "Tick",
    ///     async move |data: Data, context: &Context<'_>| -> Result<(), Infallible> {
    ///         let tick = ticks.fetch_add(1, Ordering::Relaxed);
    ///         context.log(format!("tick {tick}, late: {}", data.timer.is_past_due));
    ///         Ok(())
    ///     },
    /// );
    /// # assert_eq!(format!("{functions:?}"), r#"["Tick"]"#);
    /// ```
    ///
    /// What a trigger tells beside its data, a queue's `DequeueCount` for one, is in
    /// [`Context::metadata`].
    #[must_use]
    pub fn function<D, O, E, H>(self, name: &'static str, handler: H) -> Self
    where
        D: DeserializeOwned + 'static,
        O: Serialize + 'static,
        E: Display + 'static,
        H: AsyncFn(D, &Context<'_>) -> Result<O, E> + Send + Sync + 'static,
    {
        self.with(name, function::function(name, handler))
    }

    /// Adds every route: `GET /`, by which the host learns that the process is ready, and those of
    /// each function.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config.service(
            web::resource("/")
                .route(web::get().to(ready))
                .route(web::head().to(ready)),
        );
        for (_, routes) in &self.functions {
            routes(config);
        }
        let unknown = self.unknown();
        config.default_service(web::to(move || {
            let unknown = actix_web::HttpResponse::NotFound()
                .content_type("text/plain; charset=utf-8")
                .body(unknown.clone());
            async { unknown }
        }));
    }

    fn unknown(&self) -> String {
        let names: Vec<_> = self
            .functions
            .iter()
            .map(|(name, _)| format!("/{name}"))
            .collect();
        let function = if names.len() == 1 {
            "function is"
        } else {
            "functions are"
        };
        format!(
            "There is nothing here. The {function} at POST {}.",
            names.join(", ")
        )
    }
}

async fn ready() -> &'static str {
    "The custom handler is ready."
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.functions.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::App;
    use actix_web::http::Method;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;

    fn answer_one(config: &mut ServiceConfig) {
        config.service(web::resource("/One").route(web::post().to(async || "one")));
    }

    async fn send(functions: Functions, method: Method, path: &str) -> (u16, String) {
        let configure = |config: &mut ServiceConfig| functions.configure(config);
        let app = init_service(App::new().configure(configure)).await;
        let request = TestRequest::default().method(method).uri(path);
        let response = call_service(&app, request.to_request()).await;
        let status = response.status().as_u16();
        let body = read_body(response).await;
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[actix_web::test]
    async fn a_process_is_ready_serves_its_functions_and_names_them_elsewhere() {
        let one = || Functions::new().with("One", answer_one);
        let two = || one().with("Two", |_| {});
        let ready = "The custom handler is ready.";
        for (functions, method, path, expected) in [
            (one(), Method::GET, "/", (200, ready)),
            (one(), Method::HEAD, "/", (200, ready)),
            (one(), Method::POST, "/One", (200, "one")),
            (
                one(),
                Method::POST,
                "/one",
                (404, "There is nothing here. The function is at POST /One."),
            ),
            (
                two(),
                Method::GET,
                "/x",
                (
                    404,
                    "There is nothing here. The functions are at POST /One, /Two.",
                ),
            ),
        ] {
            let (status, body) = send(functions, method, path).await;
            assert_eq!((status, body.as_str()), expected, "{path}");
        }
    }

    #[test]
    fn debug_names_the_functions() {
        let functions = Functions::new().with("One", answer_one).with("Two", |_| {});
        assert_eq!(format!("{functions:?}"), r#"["One", "Two"]"#);
    }
}
