//! Every format a report is shown in. One file a format.
