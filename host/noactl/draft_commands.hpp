// `noactl draft`: what people write with the agent drafting.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct DraftArgs {
    std::string id;
    std::string title;
    std::string type;
    std::vector<std::string> tags;
    std::string from_template;
    std::vector<std::string> parameters; // NAME=VALUE
    std::string file;                    // "-": standard input
    std::string as;                      // empty: who runs it
    std::string status;
    std::string author;
    std::string tag;
    std::string search; // words
    std::string message;
    std::string name;          // of a template
    std::int64_t version = -1; // none
    std::int64_t from = 0;
    std::int64_t count = 20;
    bool words = false;
    bool blame = false;
    bool drop = false;
};

[[nodiscard]] int draft_new(const Globals& globals, const DraftArgs& args);
// `search`: those that have these words.
[[nodiscard]] int draft_list(const Globals& globals, const DraftArgs& args);
// Its text, as it was in `version`; `blame`: who wrote which line.
[[nodiscard]] int draft_show(const Globals& globals, const DraftArgs& args);
[[nodiscard]] int draft_edit(const Globals& globals, const DraftArgs& args);
[[nodiscard]] int draft_history(const Globals& globals, const DraftArgs& args);
[[nodiscard]] int draft_diff(const Globals& globals, const DraftArgs& args);
[[nodiscard]] int draft_restore(const Globals& globals, const DraftArgs& args);
// `file`: keeps it under `name`; `drop`: takes it away; `name`: what it makes; else all of them.
[[nodiscard]] int draft_template(const Globals& globals, const DraftArgs& args);
// `status`: moves it there.
[[nodiscard]] int draft_status(const Globals& globals, const DraftArgs& args);

// Shared with other verbs of `draft`.

[[nodiscard]] Result<nlohmann::json> ask_drafting(Client& client, const std::string& operation,
                                                  const nlohmann::json& body);
// {"id", "as"}
[[nodiscard]] nlohmann::json draft_of(const DraftArgs& args);
// All of its pages, as `body` asks for it: {"content", "version", …}.
[[nodiscard]] Result<nlohmann::json> whole_draft(Client& client, nlohmann::json body);

} // namespace noa::noactl
