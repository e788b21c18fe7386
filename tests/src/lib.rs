//! What the end to end tests share.
//!
//! [`stack`] and [`cloud`] look into what is deployed on the local cloud, [`source`] is one device of it; [`own_stack`]
//! gives a test a stack of its own, with the functions' real bootstraps under a Runtime API ([`lambda_runtime`]) that
//! can be killed at any moment, a proxy that fails the n-th call of AWS ([`fault_proxy`]), and devices that note what
//! they receive ([`devices`]). [`commands`] runs `camhook` on the deployed stack. [`page`] keeps the generated parts of the documentation.

pub mod call_log;
pub mod cloud;
pub mod commands;
pub mod device_log;
pub mod devices;
pub mod fault_proxy;
pub mod gateway;
pub mod http_server;
pub mod lambda_runtime;
pub mod own_stack;
pub mod page;
pub mod post;
pub mod process;
pub mod source;
pub mod stack;
pub mod wait;
