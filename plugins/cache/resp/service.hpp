// What the agent has of Redis clients: settings in, sockets from the host, a server for as long as
// it runs.  [lane] every function
#pragma once

#include <memory>

#include "../store/image.hpp"
#include "../store/shared.hpp"
#include "noa/sdk/sockets.hpp"
#include "server.hpp"

namespace cache::resp {

class Service {
public:
    void setup(noa::Setup& setup);
    // In start: all that can fail. Without addresses there is no server.
    noa::Status start(const noa::sdk::Host& host, Shared<Opened>& store, Options options);
    // After start: before, the store is not to be written.
    void serve();
    // Connections go to the next generation.
    void quiesce(noa::Time deadline);

private:
    Tally tally_;
    noa::Sockets sockets_;
    const noa::sdk::Host* host_ = nullptr;
    std::unique_ptr<Server> server_;
};

} // namespace cache::resp
