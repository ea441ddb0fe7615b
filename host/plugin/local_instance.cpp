#include "plugin/local_instance.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/status.hpp"
#include "plugin/limits.hpp"
#include "plugin/text.hpp"
#include "plugin/wall.hpp"

namespace noa::plugin {

namespace {

// Calls a status function behind the wall; anything but NOA_OK is an error.
template <class Call>
Result<void> ask_ok(const noa_plugin& table, std::string_view attempt, Call&& call) {
    noa_error error = empty_error();
    const auto status = behind_wall(error, [&] { return call(error); });
    if (status != NOA_OK) {
        return plugin_failure(std::string(attempt), table.id, status, error);
    }
    return {};
}

// An optional contract, when its struct says a believable size.
template <class Contract>
const Contract* contract_of(const noa_plugin& table, const char* id) noexcept {
    if (!NOA_HAS(&table, extension) || table.extension == nullptr) {
        return nullptr;
    }
    const void* found = nullptr;
    noa_error ignored = empty_error();
    const auto status = behind_wall(ignored, [&] {
        found = table.extension(id);
        return NOA_OK;
    });
    const auto* contract = static_cast<const Contract*>(found);
    const bool usable = status == NOA_OK && contract != nullptr &&
                        contract->struct_size >= sizeof(std::uint32_t) &&
                        contract->struct_size <= struct_size_max;
    return usable ? contract : nullptr;
}

struct Collected {
    std::string bytes;
    std::uint64_t limit = 0;
    bool overflow = false;
};

// No exception may reach the plugin that calls it.
std::int32_t collect(const noa_sink* sink, const void* data, std::uint64_t size) noexcept {
    auto& collected = *static_cast<Collected*>(sink->state);
    if (size == 0) {
        return NOA_OK;
    }
    if (data == nullptr) {
        return NOA_E_INVALID;
    }
    if (collected.overflow || size > collected.limit - collected.bytes.size()) {
        collected.overflow = true;
        return NOA_E_TOO_LARGE;
    }
    try {
        collected.bytes.append(static_cast<const char*>(data), size);
    } catch (...) {
        collected.overflow = true;
        return NOA_E_TOO_LARGE;
    }
    return NOA_OK;
}

// Has `write` fill a sink of at most `limit` bytes.
template <class Write>
Result<std::string> collect_from(const noa_plugin& table, std::string_view attempt,
                                 std::uint64_t limit, Write&& write) {
    Collected collected;
    collected.limit = limit;
    const noa_sink sink{sizeof(noa_sink), 0, &collected, collect};
    const auto asked =
        ask_ok(table, attempt, [&](noa_error& error) { return write(&sink, &error); });
    // A plugin may ignore what its sink answers: what is cut short is no state.
    if (collected.overflow) {
        return fail(Errc::invalid, std::string(attempt), table.id,
                    differs("size", "at most " + std::to_string(limit) + " bytes", "more"));
    }
    if (!asked) {
        return Failure(asked.error());
    }
    return std::move(collected.bytes);
}

// Collects a state.
struct Saver {
    SavedState state;
    std::uint64_t limit = 0;
    bool overflow = false;
};

std::int32_t save_piece(const noa_sink* sink, const void* data, std::uint64_t size) noexcept {
    auto& saver = *static_cast<Saver*>(sink->state);
    if (size == 0) {
        return NOA_OK;
    }
    if (data == nullptr) {
        return NOA_E_INVALID;
    }
    if (saver.overflow || size > saver.limit - saver.state.size()) {
        saver.overflow = true;
        return NOA_E_TOO_LARGE;
    }
    try {
        saver.state.append({static_cast<const std::byte*>(data), size});
    } catch (...) {
        saver.overflow = true;
        return NOA_E_TOO_LARGE;
    }
    return NOA_OK;
}

struct Reader {
    const SavedState& state;
    std::uint64_t offset = 0;
};

std::int32_t read_piece(const noa_source* source, void* buffer, std::uint64_t capacity,
                        std::uint64_t* ret_size) noexcept {
    if (ret_size == nullptr || (buffer == nullptr && capacity != 0)) {
        return NOA_E_INVALID;
    }
    auto& reader = *static_cast<Reader*>(source->state);
    *ret_size = reader.state.read(reader.offset, {static_cast<std::byte*>(buffer), capacity});
    reader.offset += *ret_size;
    return NOA_OK;
}

} // namespace

LocalInstance::LocalInstance(const noa_plugin& table, noa_agent* agent) noexcept
    : table_(&table), agent_(agent), timers_(contract_of<noa_timer_plugin>(table, NOA_TIMER_ID)),
      inspect_(contract_of<noa_inspect_plugin>(table, NOA_INSPECT_ID)),
      reconfigure_(contract_of<noa_reconfigure_plugin>(table, NOA_RECONFIGURE_ID)),
      listener_(contract_of<noa_listener_plugin>(table, NOA_LISTENER_ID)) {
    if (reconfigure_ != nullptr &&
        (!NOA_HAS(reconfigure_, reconfigure) || reconfigure_->reconfigure == nullptr)) {
        reconfigure_ = nullptr;
    }
}

LocalInstance::LocalInstance(LocalInstance&& other) noexcept
    : table_(other.table_), agent_(std::exchange(other.agent_, nullptr)), timers_(other.timers_),
      inspect_(other.inspect_), reconfigure_(other.reconfigure_), listener_(other.listener_),
      escaped_(other.escaped_), escaped_text_(std::move(other.escaped_text_)) {}

LocalInstance& LocalInstance::operator=(LocalInstance&& other) noexcept {
    std::swap(table_, other.table_);
    std::swap(agent_, other.agent_);
    std::swap(timers_, other.timers_);
    std::swap(inspect_, other.inspect_);
    std::swap(reconfigure_, other.reconfigure_);
    std::swap(listener_, other.listener_);
    std::swap(escaped_, other.escaped_);
    std::swap(escaped_text_, other.escaped_text_);
    return *this;
}

LocalInstance::~LocalInstance() {
    if (agent_ != nullptr) {
        guard([this] { table_->destroy(agent_); });
    }
}

template <class Call>
void LocalInstance::guard(Call&& call) noexcept {
    noa_error error = empty_error();
    const auto status = behind_wall(error, [&] {
        call();
        return NOA_OK;
    });
    if (status != NOA_OK) {
        ++escaped_;
        seal(error);
        try {
            escaped_text_.assign(error.text);
        } catch (...) {
            escaped_text_.clear();
        }
    }
}

Result<LocalInstance> LocalInstance::create(const noa_plugin& table, const noa_host& host,
                                            noa_context context) {
    noa_agent* agent = nullptr;
    const auto created = ask_ok(table, "create agent", [&](noa_error& error) {
        return table.create(&host, context, &agent, &error);
    });
    if (!created) {
        return Failure(created.error());
    }
    if (agent == nullptr) {
        return fail(Errc::internal, "create agent", table.id,
                    "it answered NOA_OK without an agent");
    }
    return LocalInstance(table, agent);
}

Result<void> LocalInstance::configure(const std::string& settings_json, bool commit) {
    if (table_->configure == nullptr) {
        return {};
    }
    return ask_ok(*table_, "configure agent", [&](noa_error& error) {
        return table_->configure(agent_, {settings_json.data(), settings_json.size()},
                                 commit ? 1U : 0U, &error);
    });
}

Result<void> LocalInstance::start() {
    if (table_->start == nullptr) {
        return {};
    }
    return ask_ok(*table_, "start agent",
                  [&](noa_error& error) { return table_->start(agent_, &error); });
}

Result<void> LocalInstance::quiesce(std::int64_t deadline_ns) {
    if (table_->quiesce == nullptr) {
        return {};
    }
    return ask_ok(*table_, "quiesce agent",
                  [&](noa_error& error) { return table_->quiesce(agent_, deadline_ns, &error); });
}

Result<SavedState> LocalInstance::save(std::uint64_t limit) {
    if (table_->save == nullptr || table_->state_schema == 0) {
        return SavedState{};
    }
    Saver saver{SavedState(table_->state_schema), limit, false};
    const noa_sink sink{sizeof(noa_sink), 0, &saver, save_piece};
    const auto saved = ask_ok(*table_, "save state", [&](noa_error& error) {
        return table_->save(agent_, &sink, &error);
    });
    // A plugin may ignore what its sink answers: what is cut short is no state.
    if (saver.overflow) {
        return fail(Errc::invalid, "save state", table_->id,
                    differs("size", "at most " + std::to_string(limit) + " bytes", "more"));
    }
    if (!saved) {
        return Failure(saved.error());
    }
    saver.state.seal();
    return std::move(saver.state);
}

Result<void> LocalInstance::restore(const SavedState& state) {
    if (state.schema() == 0) {
        return {};
    }
    const std::string found = std::to_string(state.schema());
    if (table_->restore == nullptr) {
        return fail(Errc::refused, "restore state", table_->id,
                    differs("state schema", "none: it has no restore", found));
    }
    if (state.schema() < table_->oldest_state_schema) {
        return fail(Errc::refused, "restore state", table_->id,
                    differs("state schema",
                            "at least " + std::to_string(table_->oldest_state_schema), found));
    }
    if (auto whole = state.verify(); !whole) {
        return whole;
    }
    Reader reader{state};
    const noa_source source{sizeof(noa_source), state.schema(), state.size(), &reader, read_piece};
    return ask_ok(*table_, "restore state",
                  [&](noa_error& error) { return table_->restore(agent_, &source, &error); });
}

void LocalInstance::confirm() {
    if (table_->confirm != nullptr) {
        guard([this] { table_->confirm(agent_); });
    }
}

Result<void> LocalInstance::reconfigure(const std::string& settings_json, bool commit) {
    return ask_ok(*table_, "reconfigure agent", [&](noa_error& error) {
        return reconfigure_->reconfigure(agent_, {settings_json.data(), settings_json.size()},
                                         commit ? 1U : 0U, &error);
    });
}

noa_status LocalInstance::handle(const noa_message& message, noa_delivery delivery,
                                 noa_error& error) noexcept {
    error.struct_size = sizeof error;
    error.code = NOA_OK;
    error.text[0] = '\0';
    const auto status =
        behind_wall(error, [&] { return table_->handle(agent_, &message, delivery, &error); });
    if (status == NOA_OK || status == NOA_DEFERRED) {
        return status;
    }
    seal(error);
    // An answer that the contract does not know must not pass for one that it does.
    const bool known = status < 0 && status >= NOA_E_NOT_FOUND;
    if (error.text[0] == '\0' || !known) {
        const auto text = status_text(status);
        std::snprintf(error.text, sizeof error.text, "handle: %.*s (status %d)",
                      static_cast<int>(text.size()), text.data(), status);
    }
    error.code = known ? status : NOA_E_INTERNAL;
    return error.code;
}

void LocalInstance::on_reply(std::uint64_t tag, noa_status status,
                             const noa_message* message) noexcept {
    if (table_->on_reply != nullptr) {
        guard([&] { table_->on_reply(agent_, tag, status, message); });
    }
}

void LocalInstance::on_wake(std::uint64_t tag) noexcept {
    if (table_->on_wake != nullptr) {
        guard([&] { table_->on_wake(agent_, tag); });
    }
}

void LocalInstance::on_timer(std::uint64_t tag) noexcept {
    if (timers_ != nullptr && NOA_HAS(timers_, on_timer) && timers_->on_timer != nullptr) {
        guard([&] { timers_->on_timer(agent_, tag); });
    }
}

bool LocalInstance::has_on_ready() const noexcept {
    return listener_ != nullptr && NOA_HAS(listener_, on_ready) && listener_->on_ready != nullptr;
}

void LocalInstance::on_ready(std::uint64_t tag, std::uint32_t events) noexcept {
    if (has_on_ready()) {
        guard([&] { listener_->on_ready(agent_, tag, events); });
    }
}

Result<std::string> LocalInstance::ask(Question question) {
    noa_status (*write)(noa_agent*, const noa_sink*, noa_error*) = nullptr;
    std::string_view attempt;
    switch (question) {
    case Question::health:
        attempt = "ask health";
        write = inspect_ != nullptr && NOA_HAS(inspect_, health) ? inspect_->health : nullptr;
        break;
    case Question::metrics:
        attempt = "ask metrics";
        write = inspect_ != nullptr && NOA_HAS(inspect_, metrics) ? inspect_->metrics : nullptr;
        break;
    case Question::describe:
        attempt = "ask description";
        write = inspect_ != nullptr && NOA_HAS(inspect_, describe) ? inspect_->describe : nullptr;
        break;
    }
    if (write == nullptr) {
        return std::string{};
    }
    auto text = collect_from(
        *table_, attempt, inspect_text_max,
        [&](const noa_sink* sink, noa_error* error) { return write(agent_, sink, error); });
    if (!text) {
        return text;
    }
    const auto parsed = parse_json(*text);
    if (!parsed || !parsed->is_object()) {
        return fail(Errc::internal, std::string(attempt), table_->id,
                    "it wrote no JSON object of at most " + std::to_string(json_depth_max) +
                        " levels");
    }
    return text;
}

} // namespace noa::plugin
