// `noactl config`: documents of the agent config, and the host's own configuration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct DocumentArgs {
    std::string key;   // "app.pool.size", or "agents.cache.queue_size" of the host itself
    std::string value; // JSON, or a text that is none
    std::string layer;
    std::string environment;
    std::string reason;
    std::string file;
    std::string format = "json";
    std::string with = "{}";
    std::vector<std::string> names;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t since = -1;
    std::int64_t count = 20;
    bool dry_run = false;
    bool replace = false;
    bool unset = false;
    bool heal = false;
    bool accept = false;
    bool verify = false;
};

// Whether a key is of the host's configuration: it begins with host, agents or services.
[[nodiscard]] bool is_of_host(const std::string& key);

// document_commands.cpp
[[nodiscard]] int config_get(const Globals& globals, const ConfigFiles& files,
                             const DocumentArgs& args);
[[nodiscard]] int config_set(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_unset(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_list(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_environments(const Globals& globals);
[[nodiscard]] int config_explain(const Globals& globals, const ConfigFiles& files,
                                 const DocumentArgs& args);

// Names for the shell, or keys; one per line, silent when there is nothing to know.
[[nodiscard]] int complete_documents(const Globals& globals, bool keys);

// document_records.cpp
[[nodiscard]] int config_history(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_diff(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_rollback(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_watch(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_audit(const Globals& globals, const DocumentArgs& args);
// A JSON Patch, a line a step.
[[nodiscard]] std::string patch_text(const nlohmann::json& patch);

// document_drift.cpp
[[nodiscard]] int config_drift(const Globals& globals, const DocumentArgs& args);

// document_files.cpp
[[nodiscard]] int config_validate(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_edit(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_import(const Globals& globals, const DocumentArgs& args);
[[nodiscard]] int config_export(const Globals& globals, const DocumentArgs& args);
// `kind`: schema, template or policy
[[nodiscard]] int config_reserved(const Globals& globals, const std::string& kind,
                                  const DocumentArgs& args);

// Shared by these.

// What the agent config answers; its refusal is an Error.
[[nodiscard]] Result<nlohmann::json> ask_config(Client& client, const std::string& operation,
                                                const nlohmann::json& body);
[[nodiscard]] int print_config(const Globals& globals, const std::string& operation,
                               const nlohmann::json& body,
                               const std::function<std::string(const nlohmann::json&)>& show);
// {"name", "pointer"} of a document's key, and the layer where there is one.
[[nodiscard]] Result<nlohmann::json> target_of(const DocumentArgs& args);
// {"name", "layer"}: of "host", the host's own.
[[nodiscard]] nlohmann::json document_of(const DocumentArgs& args);
// Who runs this program.
[[nodiscard]] std::string user_name();
// A file's bytes, or standard input for "-"; 16 MiB at most.
[[nodiscard]] Result<std::string> read_input(const std::string& file);

} // namespace noa::noactl
