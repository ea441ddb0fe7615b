#include "tier.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cache::tier {

namespace {

// KEYS value, lease; ARGV value, ms to live or 0, "" NX XX, fence or "", channel, message
constexpr const char* set_script = R"(
if ARGV[4] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[4] then return 0 end
local set = {'SET', KEYS[1], ARGV[1]}
if ARGV[2] ~= '0' then set[#set + 1] = 'PX' set[#set + 1] = ARGV[2] end
if ARGV[3] ~= '' then set[#set + 1] = ARGV[3] end
if not redis.call(unpack(set)) then return 0 end
if redis.call('DEL', KEYS[2]) == 1 then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
return 1)";
// KEYS value, lease; ARGV channel, message
constexpr const char* erase_script = R"(
local was = redis.call('DEL', KEYS[1])
if redis.call('DEL', KEYS[2]) == 1 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return was)";
// KEYS value, lease; ARGV by, ms to live of a new one or 0, channel, message. The sum is told as
// text: numbers of scripts are no whole ones.
constexpr const char* add_script = R"(
local new = redis.call('EXISTS', KEYS[1]) == 0
local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(sum) == 'table' then return 0 end
if new and ARGV[2] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if redis.call('DEL', KEYS[2]) == 1 then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
return {redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1])})";
// KEYS value; nothing, or the value and ms to live
constexpr const char* get_script = R"(
local value = redis.call('GET', KEYS[1])
if not value then return false end
return {value, redis.call('PTTL', KEYS[1])})";
// KEYS value, lease, fence; ARGV ms
constexpr const char* acquire_script = R"(
local value = redis.call('GET', KEYS[1])
if value then return {'found', value, redis.call('PTTL', KEYS[1])} end
local left = redis.call('PTTL', KEYS[2])
if left > 0 then return {'elsewhere', left} end
local fence = redis.call('INCR', KEYS[3])
redis.call('SET', KEYS[2], fence, 'PX', ARGV[1])
return {'given', fence})";
// KEYS lease; ARGV fence, channel, message
constexpr const char* release_script = R"(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1)";

Left left_of(const Reply& pttl) {
    return pttl.is(Reply::Kind::number) && pttl.number >= 0 ? Left(Instant(pttl.number)) : Left();
}

std::string milliseconds(Left left) {
    return left ? std::to_string(std::max<std::int64_t>(left->count(), 1)) : "0";
}

Outcome outcome_of(const Reply& reply) {
    if (!reply.is(Reply::Kind::number)) {
        return Outcome::lost;
    }
    return reply.number != 0 ? Outcome::done : Outcome::refused;
}

// A message: size of the namespace's name, ":", the name, size of the key, ":", the key, the error.
std::string message_of(Name name, std::string_view error = {}) {
    std::string text = std::to_string(name.space.size()) + ":";
    text.append(name.space).append(std::to_string(name.key.size())).append(":").append(name.key);
    return text.append(error);
}

std::optional<std::string_view> take_sized(std::string_view& text) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with(':') || size > text.size() - 1) {
        return std::nullopt;
    }
    const std::string_view part = text.substr(1, size);
    text.remove_prefix(1 + size);
    return part;
}

// So that no two names are one key.
void append_space(std::string& out, std::string_view space) {
    for (const char letter : space) {
        if (letter == ':') {
            out += "%3A";
        } else if (letter == '%') {
            out += "%25";
        } else {
            out += letter;
        }
    }
}

std::string key_of_kind(const std::string& prefix, const char* kind, Name name) {
    std::string key = prefix + kind;
    append_space(key, name.space);
    return key.append(":").append(name.key);
}

std::string as_pattern(std::string_view text) {
    std::string pattern;
    for (const char letter : text) {
        if (std::string_view("*?[]^-\\").find(letter) != std::string_view::npos) {
            pattern += '\\';
        }
        pattern += letter;
    }
    return pattern + "*";
}

} // namespace

Tier::Tier(Listener listener)
    : listener_(std::move(listener)),
      link_({listener_.post, [this](const std::string& message) { heard(message); },
             listener_.changed}) {}

noa::Status Tier::start(Settings settings) {
    prefix_ = std::move(settings.prefix);
    settings.link.channel = channel();
    noa::Status started = link_.start(settings.link);
    in_use_ = started.has_value();
    return started;
}

std::string Tier::value_key(Name name) const {
    return key_of_kind(prefix_, "v:", name);
}

std::string Tier::lease_key(Name name) const {
    return key_of_kind(prefix_, "l:", name);
}

void Tier::send(std::vector<std::string> arguments, Link::Done done) {
    link_.send(std::move(arguments), std::move(done));
}

void Tier::heard(std::string_view message) const {
    const auto space = take_sized(message);
    const auto key = space ? take_sized(message) : std::nullopt;
    if (key) {
        listener_.lease_ended({*space, *key}, message);
    }
}

void Tier::get(Name name, Done<std::optional<Found>> done) {
    send({"EVAL", get_script, "1", value_key(name)},
         [this, done = std::move(done)](const Reply& reply) mutable {
             const Reply& value = reply.item(0);
             if (!value.is(Reply::Kind::text) || value.text.size() > longest_value) {
                 figures_.misses += reply.is(Reply::Kind::lost) ? 0 : 1;
                 done(std::nullopt);
                 return;
             }
             ++figures_.hits;
             done(Found{from_tier(value.text), left_of(reply.item(1))});
         });
}

void Tier::set(Name name, const Write& write, Done<Outcome> done) {
    const char* when = write.when == When::absent ? "NX" : write.when == When::present ? "XX" : "";
    send({"EVAL", set_script, "2", value_key(name), lease_key(name),
          to_tier(write.bytes, write.type), milliseconds(write.left), when,
          write.fence != 0 ? std::to_string(write.fence) : std::string(), channel(),
          message_of(name)},
         [done = std::move(done)](const Reply& reply) mutable { done(outcome_of(reply)); });
}

void Tier::erase(Name name, Done<Outcome> done) {
    send({"EVAL", erase_script, "2", value_key(name), lease_key(name), channel(), message_of(name)},
         [done = std::move(done)](const Reply& reply) mutable { done(outcome_of(reply)); });
}

void Tier::add(Name name, std::int64_t by, Left left_of_new, Done<Count> done) {
    send({"EVAL", add_script, "2", value_key(name), lease_key(name), std::to_string(by),
          milliseconds(left_of_new), channel(), message_of(name)},
         [done = std::move(done)](const Reply& reply) mutable {
             Count count{outcome_of(reply)};
             const std::string& sum = reply.item(0).text;
             const auto [end, error] =
                 std::from_chars(sum.data(), sum.data() + sum.size(), count.value);
             if (reply.is(Reply::Kind::list) && error == std::errc()) {
                 count.outcome = Outcome::done;
                 count.left = left_of(reply.item(1));
             }
             done(count);
         });
}

void Tier::change_end(Name name, Left left, Done<Outcome> done) {
    std::vector<std::string> command = {left ? "PEXPIRE" : "PERSIST", value_key(name)};
    if (left) {
        command.push_back(milliseconds(left));
    }
    send(std::move(command),
         [done = std::move(done)](const Reply& reply) mutable { done(outcome_of(reply)); });
}

void Tier::look(Name name, Done<Count> done) {
    send({"PTTL", value_key(name)}, [done = std::move(done)](const Reply& reply) mutable {
        const bool known = reply.is(Reply::Kind::number);
        done(Count{!known               ? Outcome::lost
                   : reply.number == -2 ? Outcome::refused
                                        : Outcome::done,
                   0, left_of(reply)});
    });
}

void Tier::acquire(Name name, Instant length, Done<Acquired> done) {
    send({"EVAL", acquire_script, "3", value_key(name), lease_key(name), prefix_ + "fence",
          milliseconds(length)},
         [this, done = std::move(done)](const Reply& reply) mutable {
             Acquired acquired;
             const std::string& kind = reply.item(0).text;
             if (kind == "found" && reply.item(1).text.size() <= longest_value) {
                 ++figures_.hits;
                 acquired.kind = Acquired::Kind::found;
                 acquired.found = {from_tier(reply.item(1).text), left_of(reply.item(2))};
             } else if (kind == "given" && reply.item(1).number > 0) {
                 ++figures_.misses;
                 acquired.kind = Acquired::Kind::given;
                 acquired.fence = static_cast<std::uint64_t>(reply.item(1).number);
             } else if (kind == "elsewhere") {
                 acquired.kind = Acquired::Kind::elsewhere;
                 acquired.left = left_of(reply.item(1)).value_or(Instant(0));
             }
             done(std::move(acquired));
         });
}

void Tier::release(Name name, std::uint64_t fence, std::string_view error) {
    send({"EVAL", release_script, "1", lease_key(name), std::to_string(fence), channel(),
          message_of(name, error)},
         [](const Reply&) {});
}

void Tier::clear(std::string_view space, Done<Outcome> done) {
    std::string front = prefix_ + "v:";
    append_space(front, space);
    clear_from(as_pattern(front + ":"), "0", std::move(done));
}

void Tier::clear_from(const std::string& pattern, const std::string& cursor, Done<Outcome> done) {
    send({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"},
         [this, pattern, done = std::move(done)](const Reply& reply) mutable {
             const std::string next = reply.item(0).text;
             if (next.empty()) {
                 done(Outcome::lost);
                 return;
             }
             std::vector<std::string> command = {"UNLINK"};
             for (const Reply& key : reply.item(1).items) {
                 command.push_back(key.text);
             }
             if (command.size() > 1) {
                 send(std::move(command), [](const Reply&) {});
             }
             if (next == "0") { // behind the last UNLINK
                 send({"PING"}, [done = std::move(done)](const Reply& pong) mutable {
                     done(pong.is(Reply::Kind::lost) ? Outcome::lost : Outcome::done);
                 });
             } else {
                 clear_from(pattern, next, std::move(done));
             }
         });
}

} // namespace cache::tier
