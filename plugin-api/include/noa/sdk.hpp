// The SDK for agents in C++20: one include, the standard library, no more. JSON comes with
// noa/sdk/json.hpp, SQLite with noa/sdk/sqlite.hpp.
#pragma once

#include "noa/sdk/agent.hpp"
#include "noa/sdk/plugin.hpp"
#include "noa/sdk/units.hpp"

namespace noa {

using sdk::Agent;
using sdk::Body;
using sdk::BreakerLimits;
using sdk::Buffer;
using sdk::ByteSize;
using sdk::Circuit;
using sdk::CircuitBreaker;
using sdk::Counter;
using sdk::Duration;
using sdk::Error;
using sdk::Event;
using sdk::EventInfo;
using sdk::Facts;
using sdk::Gauge;
using sdk::Health;
using sdk::Histogram;
using sdk::Jitter;
using sdk::KeptMessage;
using sdk::Level;
using sdk::OperationInfo;
using sdk::Outgoing;
using sdk::OwnedBody;
using sdk::Peer;
using sdk::PluginInfo;
using sdk::Priority;
using sdk::Published;
using sdk::Reply;
using sdk::Request;
using sdk::Responder;
using sdk::Result;
using sdk::RetryPolicy;
using sdk::Run;
using sdk::SendOptions;
using sdk::SentMany;
using sdk::Series;
using sdk::Setup;
using sdk::StateReader;
using sdk::StateWriter;
using sdk::Status;
using sdk::TaskLimits;
using sdk::TaskOptions;
using sdk::Time;
using sdk::TimerId;
using sdk::Weight;

using sdk::busy;
using sdk::denied;
using sdk::failed;
using sdk::invalid;
using sdk::json_content_type;
using sdk::not_found;
using sdk::ok;
using sdk::parse_duration;
using sdk::parse_size;
using sdk::retry;
using sdk::too_large;

} // namespace noa
