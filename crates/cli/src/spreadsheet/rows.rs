//! What a spreadsheet can be about: the columns of each kind of row, and where a cell goes.

use xiaoan_proto::cases::v1::CaseRow;
use xiaoan_proto::port::v1::IncidentRow;
use xiaoan_proto::volunteers::v1::VolunteerRow;

/// A row that a service imports: texts as they stand in the file.
pub trait Row: Default + Send + 'static {
    /// Columns with their Chinese and English headers; each is required.
    const COLUMNS: &'static [(&'static str, &'static str)];
    /// The cell of a column, by its place in [`COLUMNS`](Self::COLUMNS).
    fn cell(&mut self, column: usize) -> Option<&mut String>;
    /// Line in the file.
    fn line(&mut self) -> &mut i64;
    /// Why the line could not be split, or empty.
    fn malformed(&mut self) -> &mut String;
}

/// Declares the columns of a row: field (which is the English header) and Chinese header.
macro_rules! row {
    ($row:ty { $($field:ident = $chinese:literal),+ $(,)? }) => {
        impl Row for $row {
            const COLUMNS: &'static [(&'static str, &'static str)] = &[$(($chinese, stringify!($field))),+];
            fn cell(&mut self, column: usize) -> Option<&mut String> {
                [$(&mut self.$field),+].into_iter().nth(column)
            }
            fn line(&mut self) -> &mut i64 {
                &mut self.line
            }
            fn malformed(&mut self) -> &mut String {
                &mut self.malformed
            }
        }
    };
}

row! { CaseRow {
    case_no = "案件编号",
    org_unit = "办案单位代码",
    category = "案别代码",
    reported_at = "报案时间",
    occurred_at = "发案时间",
    filed_on = "立案日期",
    loss_yuan = "损失金额",
    preventable = "可防性",
    solved_on = "破案日期",
    solve_manner = "破案方式",
    arrests = "抓获人数",
    recovered_yuan = "追回金额",
    withdrawn_on = "撤案日期",
    withdrawal_ground = "撤案理由",
} }

row! { IncidentRow {
    incident_no = "事件编号",
    org_unit = "接报单位代码",
    kind = "事件类别",
    reported_at = "接报时间",
    place = "地点",
    description = "情况",
    outcome = "处置结果",
    referred_to = "移交部门",
    receipt_no = "移交回执",
    ended_at = "处置时间",
    closed_at = "办结时间",
} }

row! { VolunteerRow {
    volunteer_id = "报名编号",
    org_unit = "派出所代码",
    name = "姓名",
    phone = "电话",
    id_number = "身份证号",
    birth_date = "出生日期",
    background = "人员身份",
    received_on = "报名日期",
    vetting = "政审结果",
    vetted_on = "政审日期",
    vetting_expires_on = "政审有效期至",
    enrolled_on = "编号日期",
    squadron_id = "中队",
} }
