#include "link/protocol.hpp"

#include <algorithm>

#include "plugin/text.hpp"

namespace noa::link {

namespace {

constexpr std::size_t error_part_max = 1024;

std::string_view cut(std::string_view text) noexcept {
    return text.substr(0, error_part_max);
}

void write(Writer& out, const noa_id& id) {
    out.raw(id.bytes, sizeof id.bytes);
}

noa_id read_id(Reader& in) {
    noa_id id{};
    const auto bytes = in.raw(sizeof id.bytes);
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(id.bytes));
    return id;
}

noa_str read_text(Reader& in, std::size_t limit) {
    const auto text = in.text();
    if (text.size() > limit) {
        in.refuse();
    }
    return to_str(text);
}

} // namespace

void write(Writer& out, const noa_message& message) {
    out.number(message.kind);
    out.number(message.flags);
    out.number(message.priority);
    out.number(message.hops);
    out.number(message.attempt);
    out.number(message.status);
    out.number(message.sent_unix_ns);
    out.number(message.deadline_ns);
    write(out, message.id);
    write(out, message.correlation);
    out.text(view(message.from));
    out.text(view(message.to));
    out.text(view(message.subject));
    out.text(view(message.content_type));
    out.text(view(message.traceparent));
    out.body(message.body.data, static_cast<std::size_t>(message.body.size));
}

Incoming read_message(Reader& in) {
    Incoming incoming;
    auto& message = incoming.message;
    message.struct_size = sizeof message;
    message.kind = in.number<std::uint32_t>();
    message.flags = in.number<std::uint32_t>();
    message.priority = in.number<std::uint32_t>();
    message.hops = in.number<std::uint32_t>();
    message.attempt = in.number<std::uint32_t>();
    message.status = in.number<std::int32_t>();
    message.sent_unix_ns = in.number<std::int64_t>();
    message.deadline_ns = in.number<std::int64_t>();
    message.id = read_id(in);
    message.correlation = read_id(in);
    message.from = read_text(in, name_max);
    message.to = read_text(in, name_max);
    message.subject = read_text(in, NOA_SUBJECT_MAX);
    message.content_type = read_text(in, NOA_CONTENT_TYPE_MAX);
    message.traceparent = read_text(in, NOA_TRACEPARENT_MAX);
    incoming.body = in.body();
    message.body = {incoming.body.bytes.data(), incoming.body.bytes.size()};
    return incoming;
}

void write(Writer& out, const noa_outgoing& message, std::string_view body, bool has_cause,
           std::uint16_t hops) {
    out.number(message.priority);
    out.number(message.to);
    out.number(message.deadline_ns);
    out.number(std::uint8_t{has_cause});
    out.number(hops);
    out.text(view(message.to_name));
    out.text(view(message.subject));
    out.text(view(message.content_type));
    out.text(view(message.traceparent));
    out.body(body.data(), body.size());
}

// Texts that are too long are the host's functions to refuse, with the status for it.
Outgoing read_outgoing(Reader& in) {
    Outgoing outgoing;
    auto& message = outgoing.message;
    message.struct_size = sizeof message;
    message.priority = in.number<std::uint32_t>();
    message.to = in.number<std::uint64_t>();
    message.deadline_ns = in.number<std::int64_t>();
    outgoing.has_cause = in.number<std::uint8_t>() != 0;
    outgoing.hops = in.number<std::uint16_t>();
    message.to_name = to_str(in.text());
    message.subject = to_str(in.text());
    message.content_type = to_str(in.text());
    message.traceparent = to_str(in.text());
    outgoing.body = in.body();
    message.body = {outgoing.body.bytes.data(), outgoing.body.bytes.size()};
    return outgoing;
}

void write(Writer& out, const noa_receipt& receipt) {
    out.number(receipt.accepted);
    out.number(receipt.refused);
    out.number(receipt.retry_after_ms);
    out.number(receipt.depth);
}

noa_receipt read_receipt(Reader& in) {
    noa_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    receipt.accepted = in.number<std::uint32_t>();
    receipt.refused = in.number<std::uint32_t>();
    receipt.retry_after_ms = in.number<std::uint32_t>();
    receipt.depth = in.number<std::uint64_t>();
    return receipt;
}

void write(Writer& out, plugin::ArenaGrant grant) {
    out.descriptor(std::move(grant.memory));
    out.number(grant.size);
    out.number(grant.room);
    out.number(grant.layout);
    out.number(grant.epoch);
    out.number(grant.condition);
    out.number(std::uint8_t{grant.writable});
}

plugin::ArenaGrant read_grant(Reader& in) {
    plugin::ArenaGrant grant;
    grant.size = in.number<std::uint64_t>();
    grant.room = in.number<std::uint64_t>();
    grant.layout = in.number<std::uint64_t>();
    grant.epoch = in.number<std::uint64_t>();
    grant.condition = in.number<std::uint32_t>();
    grant.writable = in.number<std::uint8_t>() != 0;
    return grant;
}

void write(Writer& out, const noa_agent_facts& facts) {
    out.number(facts.generation);
    out.number(facts.queue_size);
    out.number(facts.concurrency);
    out.number(facts.max_deliveries);
    out.number(facts.task_timeout_ns);
    out.number(facts.quiesce_timeout_ns);
}

noa_agent_facts read_facts(Reader& in) {
    noa_agent_facts facts{};
    facts.struct_size = sizeof facts;
    facts.run = NOA_RUN_PROCESS;
    facts.generation = in.number<std::uint64_t>();
    facts.queue_size = in.number<std::uint64_t>();
    facts.concurrency = in.number<std::uint32_t>();
    facts.max_deliveries = in.number<std::uint32_t>();
    facts.task_timeout_ns = in.number<std::int64_t>();
    facts.quiesce_timeout_ns = in.number<std::int64_t>();
    return facts;
}

void write(Writer& out, const Error& error) {
    out.number(error.code);
    out.text(cut(error.attempt));
    out.text(cut(error.object));
    out.text(cut(error.reason));
    out.text(cut(error.advice));
}

Error read_error(Reader& in) {
    Error error;
    const auto code = in.number<std::uint8_t>();
    error.code = code <= static_cast<std::uint8_t>(Errc::internal) ? Errc{code} : Errc::internal;
    for (auto* part : {&error.attempt, &error.object, &error.reason, &error.advice}) {
        *part = plugin::printable(in.text(), error_part_max);
    }
    return error;
}

} // namespace noa::link
