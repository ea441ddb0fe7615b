// What of the file system a runner in a sandbox reaches.
//
// The runner has the kernel enforce it (Landlock); the host looks at it for its reports only.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "link/confinement.hpp"

namespace noa::link {

// A path with all that is below it: read and run, and with `change` all else as well.
struct Reachable {
    std::string path;
    bool change = false;
    bool declared = true; // in the configuration, and not what every program needs
};
[[nodiscard]] std::vector<Reachable> reachable(const Confinement& confinement,
                                               const std::filesystem::path& plugin);

class Reach {
public:
    // What does not exist now is no part of it, as with the kernel.
    explicit Reach(const std::vector<Reachable>& reachable);
    // `path`: absolute, and without links. Files are known by their numbers, as the kernel knows
    // them, whatever they are mounted as.
    [[nodiscard]] bool allows(std::string path, bool change) const;

private:
    struct Place {
        dev_t device;
        ino_t number;
        bool change;
    };
    std::vector<Place> places_;
};

} // namespace noa::link
