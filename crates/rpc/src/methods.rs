//! Every method of the published language by its path, with what the layers need to know of it.

use opentelemetry::{Key, KeyValue, StringValue, Value};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// A method, or all paths that are none.
#[derive(Debug)]
pub(crate) struct Method {
    /// `xiaoan.cases.v1.CaseService`.
    pub(crate) service: Arc<str>,
    /// `FileCase`.
    pub(crate) name: Arc<str>,
    /// `xiaoan.cases.v1.CaseService/FileCase`.
    pub(crate) full: Arc<str>,
    /// The client sends a stream: the call takes as long as the upload.
    pub(crate) client_streaming: bool,
    /// The server sends a stream: it may go on for as long as anybody listens.
    pub(crate) server_streaming: bool,
    /// Health is answered under any load.
    pub(crate) always_admitted: bool,
}

impl Method {
    fn new(service: &str, name: &str, client_streaming: bool, server_streaming: bool) -> Arc<Self> {
        Arc::new(Self {
            service: service.into(),
            name: name.into(),
            full: format!("{service}/{name}").into(),
            client_streaming,
            server_streaming,
            always_admitted: service == "grpc.health.v1.Health",
        })
    }

    /// Attributes of the call's metrics (OpenTelemetry, RPC conventions).
    pub(crate) fn attributes(&self, code: tonic::Code) -> [KeyValue; 4] {
        let text = |value: &Arc<str>| Value::String(StringValue::from(Arc::clone(value)));
        [
            KeyValue::new("rpc.system", "grpc"),
            KeyValue::new(Key::from_static_str("rpc.service"), text(&self.service)),
            KeyValue::new(Key::from_static_str("rpc.method"), text(&self.name)),
            KeyValue::new("rpc.grpc.status_code", i64::from(code as i32)),
        ]
    }
}

/// All methods by path. A path that is none of them shares one entry, so that nobody can fill the metrics with words.
#[derive(Clone)]
pub(crate) struct Methods {
    by_path: Arc<HashMap<String, Arc<Method>>>,
    other: Arc<Method>,
}

impl Methods {
    /// The published language, health and reflection; made once.
    pub(crate) fn all() -> Self {
        static ALL: LazyLock<Methods> = LazyLock::new(Methods::build);
        ALL.clone()
    }

    fn build() -> Self {
        let mut by_path = HashMap::new();
        let mut add = |service: &str, name: &str, client: bool, server: bool| {
            by_path.insert(format!("/{service}/{name}"), Method::new(service, name, client, server));
        };
        for service in xiaoan_proto::descriptor_pool().services() {
            for method in service.methods() {
                add(
                    service.full_name(),
                    method.name(),
                    method.is_client_streaming(),
                    method.is_server_streaming(),
                );
            }
        }
        add("grpc.health.v1.Health", "Check", false, false);
        add("grpc.health.v1.Health", "Watch", false, true);
        for version in ["v1", "v1alpha"] {
            add(&format!("grpc.reflection.{version}.ServerReflection"), "ServerReflectionInfo", true, true);
        }
        Self { by_path: Arc::new(by_path), other: Method::new("_OTHER", "_OTHER", false, false) }
    }

    /// The method of a request's path.
    pub(crate) fn of(&self, path: &str) -> Arc<Method> {
        Arc::clone(self.by_path.get(path).unwrap_or(&self.other))
    }
}
