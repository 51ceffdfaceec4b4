//! A stated person in logs and panics: which values are there, never what they are.

use crate::core::v1::PersonInput;
use crate::volunteers::v1::{ReceiveApplicationRequest, VolunteerRow};
use std::fmt;

impl fmt::Debug for PersonInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &str| if value.is_empty() { "absent" } else { "withheld" };
        f.debug_struct("PersonInput")
            .field("name", &format_args!("{}", shown(&self.name)))
            .field("phone", &format_args!("{}", shown(&self.phone)))
            .field("id_number", &format_args!("{}", shown(&self.id_number)))
            .finish()
    }
}

impl fmt::Debug for VolunteerRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VolunteerRow").field("line", &self.line).finish_non_exhaustive()
    }
}

impl fmt::Debug for ReceiveApplicationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveApplicationRequest")
            .field("request_id", &self.request_id)
            .field("volunteer_id", &self.volunteer_id)
            .field("org_unit", &self.org_unit)
            .field("person", &self.person)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_person_prints_no_personal_value() {
        let person =
            PersonInput { name: "测试甲".into(), phone: "13900000000".into(), id_number: String::new() };
        assert_eq!(
            format!("{person:?}"),
            "PersonInput { name: withheld, phone: withheld, id_number: absent }"
        );
    }
}
