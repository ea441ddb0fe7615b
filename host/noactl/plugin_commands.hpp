// `noactl plugin …`: the author's side. Needs no host.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "noactl/session.hpp"

namespace noa::noactl {

// plugin_new.cpp
enum class Language : std::uint8_t { c, cpp, rust };

struct NewProject {
    std::string name;                // of the agent and the plugin
    std::filesystem::path directory; // made; "": the name, here
    Language language = Language::cpp;
    std::filesystem::path templates; // one folder a language, and `all`
};
// The template of that language with its names replaced. All of it, or nothing; what exists is
// left alone.
[[nodiscard]] int make_project(const Globals& globals, const NewProject& project);

// The words of a template, and what stands in their place.
struct ProjectWords {
    std::string agent;  // my-agent
    std::string file;   // my_agent
    std::string type;   // MyAgent
    std::string author; // Your Name <you@example.org>
    std::string date;   // of Debian's changelog (RFC 5322)
    std::string year;   // of the copyright
};
// An agent's name that a Debian package, a file and a type can be called by as well.
[[nodiscard]] Result<void> check_project_name(std::string_view name);
[[nodiscard]] ProjectWords words_for(std::string_view name);
[[nodiscard]] std::string fill_in(std::string_view text, const ProjectWords& words);

// plugin_validate.cpp
struct ValidateArgs {
    std::filesystem::path file;
    std::filesystem::path settings; // a JSON file; "": whatever the plugin accepts
    std::filesystem::path runner;
    std::chrono::milliseconds timeout{60'000}; // of each item
};
// Prints a report; exit_failed when an item failed. The plugin's code runs as this user, in
// processes of its own.
[[nodiscard]] int validate_plugin(const Globals& globals, const ValidateArgs& args);

} // namespace noa::noactl
