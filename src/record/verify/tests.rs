//! Every changed byte of a record is found.
