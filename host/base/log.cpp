#include "base/log.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/clock.hpp"
#include "base/log_render.hpp"
#include "base/utf8.hpp"

namespace noa {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t max_text = 4096;                   // bytes of one value
constexpr std::size_t max_line = std::size_t{16} * 1024; // bytes of all values of a line
constexpr std::size_t max_name = 64;                     // bytes of an event id or a key
constexpr std::size_t max_fields = 32;
constexpr std::size_t max_ring_lines = 1000;
constexpr std::size_t max_ring_bytes = std::size_t{512} * 1024;

constexpr auto replace = json::error_handler_t::replace;

// A name that needs no quotes in text and cannot pass for one of the line's own keys.
std::string clean_name(std::string_view name, bool is_key) {
    std::string out(name.substr(0, max_name));
    for (char& c : out) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
        c = plain ? c : '_';
    }
    if (is_key && (out.empty() || out == "time" || out == "level" || out == "event")) {
        out += '_';
    }
    return out;
}

// Values are kept as they are, but for texts and JSON that are too long or broken.
json clean_value(const json& value, std::size_t limit) {
    if (value.is_string()) {
        return bounded_utf8(value.get_ref<const std::string&>(), limit);
    }
    if (value.is_primitive()) {
        return value.is_binary() ? json("(binary)") : value;
    }
    auto text = value.dump(-1, ' ', false, replace);
    return text.size() <= limit ? json::parse(text, nullptr, false)
                                : json(bounded_utf8(text, limit));
}

class Fields {
public:
    void add(std::string_view key, const json& value) {
        if (fields_.size() >= max_fields || used_ + 3 >= max_line) {
            return;
        }
        auto clean = clean_value(value, std::min(max_text, max_line - used_));
        if (clean.is_string()) {
            used_ += clean.get_ref<const std::string&>().size();
        } else if (!clean.is_primitive()) {
            used_ += clean.dump().size();
        }
        fields_[clean_name(key, true)] = clean;
    }
    [[nodiscard]] ordered_json take() { return std::move(fields_); }

private:
    ordered_json fields_ = ordered_json::object();
    std::size_t used_ = 0;
};

} // namespace

struct Log::State {
    // A line as it is held: its fields as JSON text, a fifth of what they take as values.
    struct Held {
        std::uint64_t sequence;
        std::int64_t unix_ns;
        Level level;
        std::string event;
        std::string fields;
        [[nodiscard]] std::size_t bytes() const noexcept {
            return sizeof(Held) + event.capacity() + fields.capacity();
        }
    };

    explicit State(bool to_journal) : journal(to_journal) {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
        logger = std::make_unique<spdlog::logger>("noa", std::move(sink));
        logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
        logger->set_level(spdlog::level::trace);
    }

    const bool journal;
    std::atomic<LogFormat> format{LogFormat::text};
    std::atomic<Level> lowest{Level::info}; // of level and agent_levels

    // Taken before `mutex`, never after it: lines reach stderr in the order of their numbers,
    // and a blocked stderr does not block readers of the ring.
    std::mutex output;
    std::unique_ptr<spdlog::logger> logger; // under output

    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    mutable std::uint64_t epoch = 0; // lines and wakes
    Level level = Level::info;
    std::map<std::string, Level, std::less<>> agent_levels;
    std::deque<Held> ring;
    std::size_t ring_bytes = 0;
    std::uint64_t last_sequence = 0;

    void update_lowest() {
        auto low = level;
        for (const auto& [agent, agent_level] : agent_levels) {
            low = std::min(low, agent_level);
        }
        lowest = low;
    }

    // The level that counts for a line with these fields.
    Level level_for(const ordered_json& fields) {
        const auto agent = fields.find("agent");
        if (agent != fields.end() && agent->is_string()) {
            const auto own = agent_levels.find(agent->get_ref<const std::string&>());
            if (own != agent_levels.end()) {
                return own->second;
            }
        }
        return level;
    }

    // Numbers and holds the line; false when its level is not wanted.
    bool hold(LogLine& line) {
        const std::lock_guard lock(mutex);
        if (line.level < level_for(line.fields)) {
            return false;
        }
        line.sequence = ++last_sequence;
        ring.push_back({line.sequence, line.unix_ns, line.level, line.event,
                        line.fields.dump(-1, ' ', false, replace)});
        ring_bytes += ring.back().bytes();
        while (ring.size() > max_ring_lines || ring_bytes > max_ring_bytes) {
            ring_bytes -= ring.front().bytes();
            ring.pop_front();
        }
        ++epoch;
        changed.notify_all();
        return true;
    }

    void write(LogLine line) {
        const std::lock_guard lock(output);
        line.unix_ns = unix_ns();
        if (!hold(line)) {
            return;
        }
        const auto shape = format.load();
        // journald keeps the time of each line itself.
        auto text = shape == LogFormat::text ? render_text(line, !journal) : render(line, shape);
        if (journal) {
            text.insert(0, journal_prefix(line.level));
        }
        logger->log(spdlog::level::info, spdlog::string_view_t(text));
    }
};

Log::Log(LogFormat format, bool journal) : state_(std::make_unique<State>(journal)) {
    state_->format = format;
}

Log::~Log() = default;

void Log::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
    if (!enabled(level)) {
        return;
    }
    Fields clean;
    for (const auto& field : fields) {
        clean.add(field.key, field.value);
    }
    state_->write({0, 0, level, clean_name(event, false), clean.take()});
}

void Log::write(Level level, std::string_view event, nlohmann::json fields) {
    if (!enabled(level)) {
        return;
    }
    Fields clean;
    if (fields.is_object()) {
        for (const auto& [key, value] : fields.items()) {
            clean.add(key, value);
        }
    } else if (!fields.is_null()) {
        clean.add("value", fields);
    }
    state_->write({0, 0, level, clean_name(event, false), clean.take()});
}

void Log::error(std::string_view event, const Error& error, std::initializer_list<Field> more,
                Level level) {
    if (!enabled(level)) {
        return;
    }
    Fields clean;
    for (const auto& field : more) {
        clean.add(field.key, field.value);
    }
    clean.add("code", name_of(error.code));
    clean.add("attempt", error.attempt);
    clean.add("object", error.object);
    clean.add("reason", error.reason);
    if (!error.advice.empty()) {
        clean.add("advice", error.advice);
    }
    state_->write({0, 0, level, clean_name(event, false), clean.take()});
}

void Log::set_format(LogFormat format) {
    state_->format = format;
}

void Log::set_level(Level level) {
    const std::lock_guard lock(state_->mutex);
    state_->level = level;
    state_->update_lowest();
}

void Log::set_agent_level(const std::string& agent, std::optional<Level> level) {
    const std::lock_guard lock(state_->mutex);
    if (level) {
        state_->agent_levels[agent] = *level;
    } else {
        state_->agent_levels.erase(agent);
    }
    state_->update_lowest();
}

bool Log::enabled(Level level) const noexcept {
    return level >= state_->lowest.load();
}

std::vector<LogLine> Log::tail(std::size_t limit, std::uint64_t after) const {
    const std::lock_guard lock(state_->mutex);
    const auto& ring = state_->ring;
    const auto first = ring.empty() ? 0 : ring.front().sequence;
    std::size_t begin = after < first ? 0 : std::min<std::uint64_t>(after - first + 1, ring.size());
    begin = std::max(begin, ring.size() - std::min(limit, ring.size()));
    std::vector<LogLine> out;
    out.reserve(ring.size() - begin);
    for (; begin < ring.size(); ++begin) {
        const auto& held = ring[begin];
        out.push_back({held.sequence, held.unix_ns, held.level, held.event,
                       ordered_json::parse(held.fields, nullptr, false)});
    }
    return out;
}

void Log::wait_newer(std::uint64_t after, const std::function<bool()>& stop) const {
    std::unique_lock lock(state_->mutex);
    while (state_->last_sequence <= after) {
        const auto seen = state_->epoch;
        lock.unlock(); // stop() may use this log
        const bool stopped = stop();
        lock.lock();
        if (stopped) {
            return;
        }
        state_->changed.wait(lock, [&] { return state_->epoch != seen; });
    }
}

void Log::wake() const {
    const std::lock_guard lock(state_->mutex);
    ++state_->epoch;
    state_->changed.notify_all();
}

} // namespace noa
