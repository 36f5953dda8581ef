//! The commands of planning documents (seed 000).

mod ack;
mod ask;
mod collect;
mod dashboard;
mod dispatch;
mod new;
mod show;
mod understood;

pub(super) use ack::{ack, close, switch_mode};
pub(super) use ask::is_fresh;
pub(super) use collect::collect;
pub(super) use dashboard::{Session, session, write as write_dashboard};
pub(super) use dispatch::dispatch;
pub(super) use new::new;
pub(super) use orch_systems::Dashboard;
pub(super) use show::show;
pub(super) use understood::{Understood, understood, write as write_understood};
