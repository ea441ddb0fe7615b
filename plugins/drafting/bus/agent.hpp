// The agent: drafts on the bus.
#pragma once

#include "noa/sdk/json.hpp"
#include "settings.hpp"
#include "settings_schema.hpp"

namespace drafting {

class Drafting final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "drafting",
        .version = "1.0.0",
        .description = "Drafts that several write at once, with all their history",
        .settings_schema = settings_schema,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;
    noa::Status quiesce(noa::Time deadline) override;

private:
    Settings settings_;
};

} // namespace drafting
