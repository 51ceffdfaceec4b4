//! From a request message to a command of the store, and from its outcome to a receipt.

use crate::caller::Caller;
use crate::check::Check;
use prost::{Message, Name};
use sha2::{Digest, Sha256};
use tonic::Status;
use xiaoan_eventstore::{Appended, CommandMeta, Outcome, RequestKey};
use xiaoan_proto::core::v1::Receipt;

/// Everything about a command but its content. The digest is SHA-256 over the message's type name and bytes, so
/// the same request id with another message of any type is refused.
///
/// For messages with personal data take [`command_meta_with`] and the vault's keyed digest: whoever reads the
/// table of remembered requests must not be able to try out names and numbers.
///
/// # Errors
/// INVALID_ARGUMENT (GE-006) when `request_id` is no UUID or `etag` no version.
pub fn command_meta<M: Message + Name>(
    caller: &Caller,
    request_id: &str,
    message: &M,
    etag: &str,
) -> Result<CommandMeta, Status> {
    command_meta_with(caller, request_id, message, etag, |bytes| Sha256::digest(bytes).into())
}

/// The same with another digest, for example `|bytes| vault.keyed_digest(bytes)`.
///
/// # Errors
/// As [`command_meta`].
pub fn command_meta_with<M: Message + Name>(
    caller: &Caller,
    request_id: &str,
    message: &M,
    etag: &str,
    digest: impl FnOnce(&[u8]) -> [u8; 32],
) -> Result<CommandMeta, Status> {
    let mut check = Check::new();
    let id = check.request_id(request_id);
    let version = check.etag(etag);
    let (id, etag) = check.finish((id, version))?;
    Ok(CommandMeta {
        request: RequestKey { id, digest: digest(&tagged(message)) },
        etag,
        actor: caller.subject.clone(),
        traceparent: xiaoan_telemetry::current_traceparent(),
    })
}

/// The bytes that a request is remembered by: type name, a zero, the message.
fn tagged<M: Message + Name>(message: &M) -> Vec<u8> {
    let name = M::full_name();
    let mut bytes = Vec::with_capacity(name.len() + 1 + message.encoded_len());
    bytes.extend_from_slice(name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&message.encode_to_vec());
    bytes
}

/// The receipt of a command on one aggregate; `name` is the resource's, for example `cases/A371102…`.
#[must_use]
pub fn receipt(name: String, outcome: &Outcome) -> Receipt {
    receipt_of(name, outcome.version, &outcome.appended)
}

/// The receipt of an append over several streams; `version` is that of the resource named.
#[must_use]
pub fn receipt_of(name: String, version: i64, appended: &Appended) -> Receipt {
    Receipt {
        name,
        etag: version.to_string(),
        position: appended.last_position,
        recorded_at: Some(xiaoan_proto::timestamp(appended.recorded_at)),
        replayed: appended.replayed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xiaoan_kernel::OrgCode;
    use xiaoan_proto::hq::v1::{RenameOrgUnitRequest, RetireOrgUnitRequest};

    const ID: &str = "0197b1a0-0000-7000-8000-000000000001";

    fn caller() -> Caller {
        let org_unit = OrgCode::parse("371100000000").expect("12 digits");
        Caller { subject: "tester".into(), org_unit, roles: Vec::new(), member_unit: None }
    }

    #[test]
    fn the_digest_tells_bodies_and_types_apart() {
        let meta = |m: &RenameOrgUnitRequest| command_meta(&caller(), ID, m, "").expect("a command").request;
        let one = RenameOrgUnitRequest { code: "371102010000".into(), ..Default::default() };
        let other = RenameOrgUnitRequest { code: "371102020000".into(), ..Default::default() };
        assert_eq!(meta(&one), meta(&one));
        assert_ne!(meta(&one), meta(&other));
        // The same bytes as another command.
        let retire = RetireOrgUnitRequest { code: "371102010000".into(), ..Default::default() };
        assert_eq!(one.encode_to_vec(), retire.encode_to_vec());
        assert_ne!(meta(&one), command_meta(&caller(), ID, &retire, "").expect("a command").request);
    }

    #[test]
    fn a_request_id_that_is_no_uuid_and_an_etag_that_is_no_version_are_both_named() {
        use tonic_types::StatusExt;
        let refused =
            command_meta(&caller(), "17", &RenameOrgUnitRequest::default(), "v1").expect_err("malformed");
        let fields: Vec<_> = refused
            .get_details_bad_request()
            .expect("field violations")
            .field_violations
            .into_iter()
            .map(|v| (v.field, v.reason))
            .collect();
        let expected = [("request_id", "GE-006"), ("etag", "GE-006")];
        assert_eq!(fields, expected.map(|(f, c)| (f.to_owned(), c.to_owned())));
    }
}
