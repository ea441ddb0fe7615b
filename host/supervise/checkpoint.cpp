#include "supervise/checkpoint.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/file.hpp"
#include "base/names.hpp"
#include "bus/draft.hpp"
#include "link/frame.hpp"
#include "supervise/generation.hpp"

namespace noa::supervise {

namespace {

constexpr std::size_t max_header_bytes = 1024;
constexpr std::size_t max_file_bytes =
    max_header_bytes + Generation::max_state + 2 * Checkpoint::max_messages_bytes;
constexpr int format = 1;

template <class Number>
void put(std::string& out, Number value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(text.size()));
    out.append(text);
}

void put_item(std::string& out, const bus::Item& item, Now now) {
    const bus::Record& record = *item.record;
    put(out, record.id);
    put(out, record.sent_unix_ns);
    put(out, record.deadline_ns == 0 ? std::int64_t{0}
                                     : now.unix_ns + (record.deadline_ns - now.monotonic_ns));
    put(out, item.attempt);
    put(out, item.revocations);
    put(out, record.hops);
    put(out, record.kind);
    put(out, record.priority);
    put_text(out, record.from->name());
    for (const auto text :
         {record.subject(), record.content_type(), record.traceparent(), record.body_text()}) {
        put_text(out, text);
    }
}

// Nothing when it breaks the form.
std::optional<bus::Item> take_item(link::Reader& in, bus::RouteTable& routes, Now now) {
    bus::Draft draft;
    auto& head = draft.head;
    const auto id = in.raw(sizeof head.id);
    head.sent_unix_ns = in.number<std::int64_t>();
    const auto deadline = in.number<std::int64_t>();
    bus::Item item;
    item.attempt = in.number<std::uint32_t>();
    item.revocations = in.number<std::uint32_t>();
    head.hops = in.number<std::uint16_t>();
    head.kind = in.number<std::uint8_t>();
    head.priority = in.number<std::uint8_t>();
    const auto from = in.text();
    draft.subject = in.text();
    draft.content_type = in.text();
    draft.traceparent = in.text();
    draft.body = in.text();
    const bool is_event = head.kind == NOA_MESSAGE_EVENT;
    if (!in.whole() || (!is_event && head.kind != NOA_MESSAGE_REQUEST) ||
        head.priority > NOA_PRIORITY_LOW || item.attempt == 0 || item.revocations > item.attempt ||
        !is_agent_name(from) || !is_subject(draft.subject) ||
        draft.content_type.size() > NOA_CONTENT_TYPE_MAX ||
        draft.traceparent.size() > NOA_TRACEPARENT_MAX || draft.body.size() > NOA_BODY_MAX) {
        return std::nullopt;
    }
    std::memcpy(&head.id, id.data(), sizeof head.id);
    head.flags = is_event ? 0 : NOA_MESSAGE_NO_REPLY;
    if (deadline != 0) { // one that has passed is expired by the lane
        head.deadline_ns = std::max<std::int64_t>(
            1, now.monotonic_ns + std::min(deadline - now.unix_ns, std::int64_t{1} << 60));
    }
    head.from = routes.resolve(from, bus::RouteTable::kept_for_agents);
    if (head.from == nullptr) {
        return std::nullopt;
    }
    item.block = draft.to_block();
    item.record = item.block->first();
    return item;
}

std::string bytes_of(const plugin::SavedState& state) {
    std::string out(state.size(), '\0');
    static_cast<void>(state.read(0, std::as_writable_bytes(std::span(out))));
    return out;
}

struct Header {
    std::uint32_t schema = 0;
    std::size_t state_bytes = 0;
    std::size_t messages = 0;
    std::string digest;
};

// Nothing when it is not ours.
std::optional<Header> read_header(std::string_view line, Checkpoint& out) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    const auto number = [&](const char* key) -> std::uint64_t {
        const auto found = json.find(key);
        return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    };
    const auto text = [&](const char* key) {
        const auto found = json.find(key);
        return found != json.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
    };
    if (!json.is_object() || number("noa_checkpoint") != format || number("schema") > UINT32_MAX ||
        number("state_bytes") > Generation::max_state) {
        return std::nullopt;
    }
    out.version = text("version");
    out.at_unix_ns = static_cast<std::int64_t>(number("at_unix_ns"));
    return Header{static_cast<std::uint32_t>(number("schema")), number("state_bytes"),
                  number("messages"), text("sha256")};
}

} // namespace

std::string to_bytes(const Checkpoint& checkpoint, Now now) {
    std::string content = bytes_of(checkpoint.state);
    const auto state_bytes = content.size();
    for (const auto& item : checkpoint.messages) {
        put_item(content, item, now);
    }
    const nlohmann::json header{{"noa_checkpoint", format},
                                {"version", checkpoint.version},
                                {"at_unix_ns", static_cast<std::uint64_t>(now.unix_ns)},
                                {"schema", checkpoint.state.schema()},
                                {"state_bytes", state_bytes},
                                {"messages", checkpoint.messages.size()},
                                {"sha256", digest_of(content)}};
    return header.dump() + '\n' + content;
}

Result<Checkpoint> checkpoint_from_bytes(std::string_view bytes, const std::string& object,
                                         bus::RouteTable& routes, Now now) {
    const auto broken = [&](const char* why) {
        return fail(Errc::invalid, "read checkpoint", object, why);
    };
    const auto end = bytes.substr(0, max_header_bytes).find('\n');
    if (end == std::string_view::npos) {
        return broken("it has no header");
    }
    Checkpoint out;
    const auto header = read_header(bytes.substr(0, end), out);
    if (!header) {
        return broken("its header is not of this format: it comes from another version of noa");
    }
    const auto content = bytes.substr(end + 1);
    if (header->state_bytes > content.size() || digest_of(content) != header->digest) {
        return broken("its content is not what was written");
    }
    out.state = plugin::SavedState(header->schema);
    out.state.append(std::as_bytes(std::span(content.substr(0, header->state_bytes))));
    out.state.seal();
    link::Reader in(content.substr(header->state_bytes));
    while (in.whole() && !in.complete()) {
        auto item = take_item(in, routes, now);
        if (!item) {
            return broken("a message in it breaks the form");
        }
        out.messages.push_back(std::move(*item));
    }
    if (out.messages.size() != header->messages) {
        return broken("messages are missing");
    }
    return out;
}

Result<void> Checkpoints::write(const std::string& agent, const Checkpoint& checkpoint) const {
    if (checkpoint.empty()) {
        remove(agent);
        return {};
    }
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno("make directory", directory_.string(), errno);
    }
    return replace_file(file_of(agent), to_bytes(checkpoint, {monotonic_ns(), unix_ns()}),
                        Durable::yes, "write checkpoint");
}

Result<std::optional<Checkpoint>> Checkpoints::read(const std::string& agent,
                                                    bus::RouteTable& routes) const {
    const auto file = file_of(agent);
    if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) {
        return std::optional<Checkpoint>();
    }
    const auto bytes = read_file(file, max_file_bytes);
    if (!bytes) {
        return Failure(bytes.error());
    }
    auto read = checkpoint_from_bytes(*bytes, file.string(), routes, {monotonic_ns(), unix_ns()});
    if (!read) {
        return Failure(read.error());
    }
    return std::optional(std::move(*read));
}

void Checkpoints::remove(const std::string& agent) const noexcept {
    ::unlink(file_of(agent).c_str());
}

std::filesystem::path Checkpoints::put_aside(const std::string& agent) const noexcept {
    const auto file = file_of(agent);
    auto aside = directory_ / (agent + ".put-aside");
    return ::rename(file.c_str(), aside.c_str()) == 0 ? aside : file;
}

Result<std::filesystem::path> Checkpoints::put_state_aside(const std::string& agent,
                                                           bus::RouteTable& routes) const {
    auto whole = read(agent, routes);
    if (!whole) {
        return Failure(whole.error());
    }
    auto aside = put_aside(agent);
    if (*whole) {
        (*whole)->state = {};
        if (auto written = write(agent, **whole); !written) {
            return Failure(written.error());
        }
    }
    return aside;
}

} // namespace noa::supervise
