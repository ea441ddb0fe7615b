#include "agent_states.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "../repository/bytes.hpp"
#include "../repository/system_error.hpp"

namespace backup {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_agent_name = 63;

bool is_folder(const std::string& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

// Sorted.
std::vector<std::string> names_in_folder(const std::string& folder) {
    std::vector<std::string> names;
    std::error_code failed;
    for (fs::directory_iterator at(folder, failed), end; !failed && at != end;
         at.increment(failed)) {
        names.push_back(at->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

std::vector<std::string> folders_in(const std::string& folder) {
    std::vector<std::string> names = names_in_folder(folder);
    std::erase_if(names, [&](const std::string& name) { return !is_folder(folder + "/" + name); });
    return names;
}

// One that nobody can know before, so that nothing can wait there.
noa::sdk::Result<std::string> scratch_of(const Places& places, const std::string& agent) {
    std::array<std::uint8_t, 8> random{};
    if (noa::sdk::Status filled = fill_random(random); !filled) {
        return filled.error();
    }
    return places.agent(agent) + "/" + places.scratch_prefix() + to_hex(random);
}

} // namespace

noa::sdk::Result<std::vector<HookCall>> writers_of(Job& job,
                                                   const std::vector<std::string>& names) {
    std::vector<HookCall> writers;
    if (names.empty()) {
        return writers;
    }
    const auto offers = job.hooks.offers(names, job.stop);
    if (!offers) {
        return offers.error();
    }
    for (const auto& [agent, offer] : *offers) {
        if (!offer.fault.empty()) {
            job.progress.fault(job.places.agent(agent),
                               "kept as its files are; its agent did not say whether it writes "
                               "its state itself: " +
                                   offer.fault);
        }
        if (offer.writes) {
            auto directory = scratch_of(job.places, agent);
            if (!directory) {
                return directory.error();
            }
            writers.push_back({agent, *std::move(directory)});
        }
    }
    for (const std::string& agent : names) {
        std::error_code failed;
        const std::string folder = job.places.agent(agent);
        const bool known = agent == "*" || offers->contains(agent) ||
                           (is_folder(folder) && !fs::is_empty(folder, failed));
        if (!known) {
            job.progress.fault(folder, "there is no state of this agent, and it does not run");
        }
    }
    return writers;
}

AgentStates write_states(Job& job, const PlanSettings& plan, const std::vector<HookCall>& writers) {
    AgentStates states;
    for (const HookCall& call : writers) {
        // Those outside have none yet.
        static_cast<void>(::mkdir(job.places.agent(call.agent).c_str(), 0700));
    }
    const auto answers = job.hooks.ask(Hook::write, writers, plan.agent_timeout, job.stop);
    for (std::size_t place = 0; place < writers.size(); ++place) {
        const std::string folder = job.places.agent(writers[place].agent);
        const std::string& directory = writers[place].directory;
        if (answers[place] && is_folder(directory)) {
            states.substitutes.emplace(folder, directory);
            states.written.push_back(writers[place].agent);
            continue;
        }
        states.omitted.insert(folder);
        job.progress.fault(folder, "not kept; its agent did not write it: " +
                                       (answers[place] ? "there is no directory " + directory
                                                       : answers[place].error().text));
    }
    return states;
}

std::vector<std::string> validate_states(Job& job, const std::string& restored,
                                         noa::sdk::Duration patience, Progress& found) {
    std::vector<std::string> names = folders_in(restored);
    std::erase_if(names, [&](const std::string& name) {
        return name.size() > longest_agent_name || !is_folder(job.places.agent(name));
    });
    const auto offers = job.hooks.offers(names, job.stop);
    if (!offers) {
        found.fault(restored, "no agent was asked about its state: " + offers.error().text);
        return {};
    }
    std::vector<HookCall> calls;
    for (const auto& [agent, offer] : *offers) {
        const bool looks = offer.validates && std::ranges::find(names, agent) != names.end();
        if (!offer.fault.empty()) {
            found.fault(job.places.agent(agent), "its agent did not say whether it can tell a good "
                                                 "state: " +
                                                     offer.fault);
        }
        const auto directory =
            looks ? scratch_of(job.places, agent) : noa::sdk::Result<std::string>(std::string());
        if (!directory) {
            found.fault(job.places.agent(agent), directory.error().text);
        }
        if (!looks || !directory) {
            continue;
        }
        if (std::rename(std::string(restored).append("/").append(agent).c_str(),
                        directory->c_str()) != 0) {
            found.fault(job.places.agent(agent), system_error("hand over", *directory).text);
            continue;
        }
        calls.push_back({agent, *directory});
    }
    std::vector<std::string> told;
    const auto answers = job.hooks.ask(Hook::validate, calls, patience, job.stop);
    for (std::size_t place = 0; place < calls.size(); ++place) {
        const std::string folder = job.places.agent(calls[place].agent);
        if (!answers[place] && answers[place].error().status == NOA_E_UNSUPPORTED) {
            continue;
        }
        if (!answers[place]) {
            found.fault(folder, "its agent did not look at it: " + answers[place].error().text);
            continue;
        }
        told.push_back(calls[place].agent);
        if (!answers[place]->empty()) {
            found.fault(folder, "its agent finds it bad: " + *answers[place]);
        }
    }
    return told;
}

std::set<std::string> clear_scratch(const Places& places) {
    std::set<std::string> left;
    for (const std::string& agent : folders_in(places.agents())) {
        for (const std::string& name : names_in_folder(places.agent(agent))) {
            std::error_code failed;
            const std::string directory = places.agent(agent) + "/" + name;
            if (name.starts_with(places.scratch_prefix())) {
                fs::remove_all(directory, failed);
            }
            if (failed) {
                left.insert(directory);
            }
        }
    }
    return left;
}

} // namespace backup
