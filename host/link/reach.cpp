#include "link/reach.hpp"

#include <algorithm>

namespace noa::link {

std::vector<Reachable> reachable(const Confinement& confinement,
                                 const std::filesystem::path& plugin) {
    // What programs need to run at all: libraries, locale, time zone, names, randomness.
    std::vector<Reachable> all;
    for (const char* path : {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
                             "/etc/ssl", "/etc/hosts", "/etc/nsswitch.conf", "/etc/resolv.conf",
                             "/proc", "/dev/urandom", "/dev/random", "/dev/zero"}) {
        all.push_back({path, false, false});
    }
    all.push_back({"/dev/null", true, false});
    all.push_back({plugin.parent_path().string(), false, false});
    for (const auto& path : confinement.read) {
        all.push_back({path});
    }
    for (const auto& path : confinement.write) {
        all.push_back({path, true});
    }
    return all;
}

Reach::Reach(const std::vector<Reachable>& reachable) {
    for (const auto& each : reachable) {
        struct stat status {};
        if (::stat(each.path.c_str(), &status) == 0) {
            places_.push_back({status.st_dev, status.st_ino, each.change});
        }
    }
}

bool Reach::allows(std::string path, bool change) const {
    while (!path.empty()) {
        struct stat status {};
        if (::stat(path.c_str(), &status) == 0 &&
            std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
                return place.device == status.st_dev && place.number == status.st_ino &&
                       (place.change || !change);
            })) {
            return true;
        }
        path.resize(path == "/" ? 0 : std::max<std::size_t>(path.rfind('/'), 1));
    }
    return false;
}

} // namespace noa::link
