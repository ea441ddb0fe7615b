// `noactl messages`: what the agent communication has taken, and what becomes of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct MessageArgs {
    std::string to;
    std::string operation;
    std::string body = "{}"; // JSON, or "-": standard input
    std::string id;
    std::vector<std::string> ids;
    std::string sender;
    std::string conversation;
    std::string state;
    std::string priority = "normal";
    std::string delay;
    std::string ttl;
    std::int64_t attempts = 0; // 0: as is set
    std::int64_t count = 20;
    bool group = false;   // what TO is, an agent otherwise
    bool subject = false; // then `operation` may be the body
    bool webhook = false; // as well
    bool ordered = false;
    bool all = false;
    bool stuck = false;
    std::string type;
    std::string stream;
    std::string search; // words
    bool archived = false;
};

[[nodiscard]] int messages_send(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_append(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_list(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_show(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_follow(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_dead(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_replay(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_expire(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_cancel(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_queues(const Globals& globals);
// `search`: messages that have these words; `conversation`: what was said there; else all.
[[nodiscard]] int messages_conversations(const Globals& globals, const MessageArgs& args);
// `body`: what is looked at.
[[nodiscard]] int messages_check(const Globals& globals, const MessageArgs& args);
// `stream`: that one, with its consumers; empty: all.
[[nodiscard]] int messages_streams(const Globals& globals, const MessageArgs& args);
[[nodiscard]] int messages_tasks(const Globals& globals, const MessageArgs& args);
// `state`: open or closed sets the breaker of `to` by hand; empty shows all.
[[nodiscard]] int messages_breakers(const Globals& globals, const MessageArgs& args);

} // namespace noa::noactl
