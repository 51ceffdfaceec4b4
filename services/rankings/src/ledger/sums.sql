-- Sums of one source: a measure belongs to one source, so rows are narrow and no two runners ever meet in a row. One row per
-- unit with a column per measure: a board of a thousand units reads a thousand rows.

CREATE TABLE {day_sums} (
    org_unit bigint NOT NULL,
    {sums},
    day      date   NOT NULL,
    category text   NOT NULL COLLATE "C"
);

CREATE TABLE {month_sums} (
    org_unit bigint NOT NULL,
    {sums},
    month    date   NOT NULL,
    prefix   text   NOT NULL COLLATE "C"
) WITH (fillfactor = 80);  -- rows of the running month are updated all the time: room for updates within the page
COMMENT ON COLUMN {month_sums}.month IS 'first day of the month';
COMMENT ON COLUMN {month_sums}.prefix IS 'category cut to 0, 2, 4 and 6 characters: whatever a board asks, one row per unit and month answers';
