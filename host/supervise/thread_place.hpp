// A plugin in the host itself, on the lane of its generation.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/crash_marker.hpp"
#include "plugin/library.hpp"
#include "plugin/local_instance.hpp"
#include "supervise/place.hpp"

namespace noa::supervise {

class ThreadPlace final : public Place {
public:
    struct Facts {
        std::string agent;
        std::string digest;
        std::string thread; // the lane's name, and what threads of the plugin inherit
        std::uint64_t generation = 0;
        std::filesystem::path file;
        std::vector<std::string> pinning; // why the library may stay mapped
        const noa_host* host = nullptr;
        noa_context context = 0;
        bool is_limited = false; // by its configuration, which a thread cannot be
    };
    explicit ThreadPlace(Facts facts);

    [[nodiscard]] Result<plugin::Instance*> load() override;
    void destroy() override;
    [[nodiscard]] std::string unload() override;
    void tell(nlohmann::json& out) const override;
    [[nodiscard]] bool in_use() const noexcept override { return !left_behind_.empty(); }

private:
    [[nodiscard]] std::string why_mapped() const;

    const Facts facts_;
    CrashScope crash_scope_;
    std::string left_behind_; // of its threads, those that did not end; empty when none

    // Order of destruction: the object, then the library.
    std::optional<plugin::Library> library_;
    std::optional<plugin::LocalInstance> instance_;
};

} // namespace noa::supervise
