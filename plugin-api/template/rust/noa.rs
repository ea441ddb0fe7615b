//! The contract of noa/plugin.h and noa/host.h as far as this agent needs it; extend it with the
//! headers beside you. No crates. Panics stop here.
#![allow(non_camel_case_types, dead_code)]

use std::ffi::c_void;
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

pub const OK: i32 = 0;
pub const E_INTERNAL: i32 = -1;
pub const E_INVALID: i32 = -2;
pub const E_UNSUPPORTED: i32 = -3;
pub const E_FAILED: i32 = -13;

pub struct Refusal {
    status: i32,
    text: String,
}

impl Refusal {
    pub fn new(status: i32, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

pub type Outcome<T> = Result<T, Refusal>;

/// A request or an event, on loan for the call.
pub struct Message<'a> {
    pub subject: &'a str,
    pub content_type: &'a str,
    pub body: &'a [u8],
}

pub struct Reply {
    body: Vec<u8>,
    content_type: String,
}

impl Reply {
    pub fn new(body: &[u8], content_type: &str) -> Self {
        Self { body: body.to_vec(), content_type: content_type.to_owned() }
    }
    pub fn json(text: String) -> Self {
        Self { body: text.into_bytes(), content_type: "application/json".to_owned() }
    }
}

/// What an agent is. Every call comes on one thread.
pub trait Agent: Default {
    /// `commit` false: only say whether the settings are usable.
    fn configure(&mut self, settings: &str, commit: bool) -> Outcome<()>;
    fn start(&mut self) -> Outcome<()> {
        Ok(())
    }
    fn handle(&mut self, message: &Message) -> Outcome<Reply>;
    fn quiesce(&mut self) -> Outcome<()> {
        Ok(())
    }
    fn save(&self) -> Vec<u8>;
    fn restore(&mut self, schema: u32, state: &[u8]) -> Outcome<()>;
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct noa_str {
    data: *const u8,
    size: u64,
}

#[repr(C)]
pub struct noa_error {
    struct_size: u32,
    code: i32,
    text: [u8; 240],
}

#[repr(C)]
pub struct noa_sink {
    struct_size: u32,
    reserved: u32,
    state: *mut c_void,
    write: unsafe extern "C" fn(*const noa_sink, *const c_void, u64) -> i32,
}

#[repr(C)]
pub struct noa_source {
    struct_size: u32,
    schema: u32,
    size: u64,
    state: *mut c_void,
    read: unsafe extern "C" fn(*const noa_source, *mut c_void, u64, *mut u64) -> i32,
}

/// Up to `body`, the last member that is read here.
#[repr(C)]
pub struct noa_message {
    struct_size: u32,
    kind: u32,
    flags: u32,
    priority: u32,
    id: [u8; 16],
    correlation: [u8; 16],
    from: noa_str,
    to: noa_str,
    subject: noa_str,
    content_type: noa_str,
    traceparent: noa_str,
    body: noa_str,
}

#[repr(C)]
pub struct noa_outgoing {
    struct_size: u32,
    priority: u32,
    to: u64,
    to_name: noa_str,
    subject: noa_str,
    content_type: noa_str,
    traceparent: noa_str,
    body: noa_str,
    buffer: *const c_void,
    buffer_used: u64,
    deadline_ns: i64,
}

/// Up to `reply`; functions that are not called here keep their place only.
#[repr(C)]
pub struct noa_host {
    struct_size: u32,
    abi_minor: u32,
    version: *const c_char,
    skipped: [*const c_void; 13],
    reply: unsafe extern "C" fn(u64, u64, *const noa_outgoing) -> i32,
}

#[repr(C)]
pub struct noa_note {
    pub owner_bytes: u32,
    pub field_bytes: u32,
    pub kind: u32,
    pub owner: [u8; 4],
    pub abi_major: u32,
    pub abi_minor: u32,
    pub min_host_minor: u32,
    pub flags: u32,
}

type Step<A> = unsafe extern "C" fn(*mut Life<A>, *mut noa_error) -> i32;

#[repr(C)]
pub struct noa_plugin<A: Agent> {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub id: *const u8,
    pub version: *const u8,
    pub description: *const u8,
    pub settings_schema: *const u8,
    pub flags: u32,
    pub state_schema: u32,
    pub oldest_state_schema: u32,
    pub reserved: u32,
    pub create: unsafe extern "C" fn(*const noa_host, u64, *mut *mut Life<A>, *mut noa_error) -> i32,
    pub configure: unsafe extern "C" fn(*mut Life<A>, noa_str, u32, *mut noa_error) -> i32,
    pub start: Step<A>,
    pub handle: unsafe extern "C" fn(*mut Life<A>, *const noa_message, u64, *mut noa_error) -> i32,
    pub on_reply: Option<extern "C" fn()>,
    pub on_wake: Option<extern "C" fn()>,
    pub quiesce: unsafe extern "C" fn(*mut Life<A>, i64, *mut noa_error) -> i32,
    pub save: unsafe extern "C" fn(*mut Life<A>, *const noa_sink, *mut noa_error) -> i32,
    pub restore: unsafe extern "C" fn(*mut Life<A>, *const noa_source, *mut noa_error) -> i32,
    pub confirm: Option<extern "C" fn()>,
    pub destroy: unsafe extern "C" fn(*mut Life<A>),
    pub extension: Option<extern "C" fn()>,
}

// The pointers in the table point to constants.
unsafe impl<A: Agent> Sync for noa_plugin<A> {}

/// An agent and the host that it lives in.
pub struct Life<A> {
    host: *const noa_host,
    context: u64,
    agent: A,
}

/// Runs `work`; a refusal or a panic becomes a status and a text.
unsafe fn guarded(error: *mut noa_error, work: impl FnOnce() -> Outcome<()>) -> i32 {
    let outcome = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Refusal::new(E_INTERNAL, "the agent panicked")));
    let refusal = match outcome {
        Ok(()) => return OK,
        Err(refusal) => refusal,
    };
    let room = (*error).text.len() - 1;
    let size = refusal.text.len().min(room);
    (&mut (*error).text)[..size].copy_from_slice(&refusal.text.as_bytes()[..size]);
    (&mut (*error).text)[size] = 0;
    (*error).code = refusal.status;
    refusal.status
}

unsafe fn bytes_of<'a>(text: noa_str) -> &'a [u8] {
    if text.size == 0 {
        return &[];
    }
    std::slice::from_raw_parts(text.data, text.size as usize)
}

unsafe fn text_of<'a>(text: noa_str) -> Outcome<&'a str> {
    std::str::from_utf8(bytes_of(text)).map_err(|_| Refusal::new(E_INVALID, "wanted UTF-8"))
}

fn view_of(bytes: &[u8]) -> noa_str {
    noa_str { data: bytes.as_ptr(), size: bytes.len() as u64 }
}

pub unsafe extern "C" fn create<A: Agent>(
    host: *const noa_host,
    context: u64,
    ret_agent: *mut *mut Life<A>,
    error: *mut noa_error,
) -> i32 {
    guarded(error, || {
        *ret_agent = Box::into_raw(Box::new(Life { host, context, agent: A::default() }));
        Ok(())
    })
}

pub unsafe extern "C" fn destroy<A: Agent>(life: *mut Life<A>) {
    drop(Box::from_raw(life));
}

pub unsafe extern "C" fn configure<A: Agent>(
    life: *mut Life<A>,
    settings: noa_str,
    commit: u32,
    error: *mut noa_error,
) -> i32 {
    guarded(error, || (*life).agent.configure(text_of(settings)?, commit != 0))
}

pub unsafe extern "C" fn start<A: Agent>(life: *mut Life<A>, error: *mut noa_error) -> i32 {
    guarded(error, || (*life).agent.start())
}

pub unsafe extern "C" fn quiesce<A: Agent>(
    life: *mut Life<A>,
    _deadline_ns: i64,
    error: *mut noa_error,
) -> i32 {
    guarded(error, || (*life).agent.quiesce())
}

pub unsafe extern "C" fn handle<A: Agent>(
    life: *mut Life<A>,
    message: *const noa_message,
    delivery: u64,
    error: *mut noa_error,
) -> i32 {
    guarded(error, || {
        let message = Message {
            subject: text_of((*message).subject)?,
            content_type: text_of((*message).content_type)?,
            body: bytes_of((*message).body),
        };
        let reply = (*life).agent.handle(&message)?;
        let outgoing = noa_outgoing {
            struct_size: std::mem::size_of::<noa_outgoing>() as u32,
            priority: 0,
            to: 0,
            to_name: view_of(b""),
            subject: view_of(b""),
            content_type: view_of(reply.content_type.as_bytes()),
            traceparent: view_of(b""),
            body: view_of(&reply.body),
            buffer: ptr::null(),
            buffer_used: 0,
            deadline_ns: 0,
        };
        match ((*(*life).host).reply)((*life).context, delivery, &outgoing) {
            OK => Ok(()),
            status => Err(Refusal::new(status, "the answer was not taken")),
        }
    })
}

pub unsafe extern "C" fn save<A: Agent>(
    life: *mut Life<A>,
    sink: *const noa_sink,
    error: *mut noa_error,
) -> i32 {
    guarded(error, || {
        let state = (*life).agent.save();
        match ((*sink).write)(sink, state.as_ptr().cast(), state.len() as u64) {
            OK => Ok(()),
            status => Err(Refusal::new(status, "the state was not taken")),
        }
    })
}

pub unsafe extern "C" fn restore<A: Agent>(
    life: *mut Life<A>,
    source: *const noa_source,
    error: *mut noa_error,
) -> i32 {
    guarded(error, || {
        let mut state = vec![0u8; (*source).size as usize];
        let mut filled = 0;
        while filled < state.len() {
            let room = &mut state[filled..];
            let mut got = 0u64;
            let status =
                ((*source).read)(source, room.as_mut_ptr().cast(), room.len() as u64, &mut got);
            if status != OK || got == 0 {
                return Err(Refusal::new(E_FAILED, "the state is cut short"));
            }
            filled += got as usize;
        }
        (*life).agent.restore((*source).schema, &state)
    })
}

/// The note in the file, the table, and the one exported function.
#[macro_export]
macro_rules! noa_plugin {
    (agent: $agent:ty, id: $id:literal, version: $version:literal,
     description: $description:literal, settings_schema: $schema:literal,
     state_schema: $state:literal $(,)?) => {
        #[used]
        #[link_section = ".note.noa"]
        static NOTE: $crate::noa::noa_note = $crate::noa::noa_note {
            owner_bytes: 4,
            field_bytes: 16,
            kind: 1,
            owner: *b"noa\0",
            abi_major: 1,
            abi_minor: 0,
            min_host_minor: 0,
            flags: 0,
        };

        static PLUGIN: $crate::noa::noa_plugin<$agent> = $crate::noa::noa_plugin {
            struct_size: std::mem::size_of::<$crate::noa::noa_plugin<$agent>>() as u32,
            abi_minor: 0,
            id: concat!($id, "\0").as_ptr(),
            version: concat!($version, "\0").as_ptr(),
            description: concat!($description, "\0").as_ptr(),
            settings_schema: concat!($schema, "\0").as_ptr(),
            flags: 0,
            state_schema: $state,
            oldest_state_schema: $state,
            reserved: 0,
            create: $crate::noa::create::<$agent>,
            configure: $crate::noa::configure::<$agent>,
            start: $crate::noa::start::<$agent>,
            handle: $crate::noa::handle::<$agent>,
            on_reply: None,
            on_wake: None,
            quiesce: $crate::noa::quiesce::<$agent>,
            save: $crate::noa::save::<$agent>,
            restore: $crate::noa::restore::<$agent>,
            confirm: None,
            destroy: $crate::noa::destroy::<$agent>,
            extension: None,
        };

        #[no_mangle]
        pub extern "C" fn noa_plugin_entry_v1() -> *const $crate::noa::noa_plugin<$agent> {
            &PLUGIN
        }
    };
}
