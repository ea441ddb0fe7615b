// Asks the host as noactl does: over its control socket, with the rights of noad's own user. What
// may be done by whom stays the host's to say, and it logs what changes something.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "noa/sdk/json.hpp"

namespace console {

// Every function on the server's thread.
class Controls {
public:
    // {"ok": …}; of a stream, the list of its items.
    using Done = std::function<void(noa::Result<noa::Json>)>;
    using Item = std::function<void(const noa::Json&)>;

    Controls(boost::asio::io_context& io, std::string path) : io_(io), path_(std::move(path)) {}

    // `done` is called once, within `timeout`.
    void ask(std::string_view verb, const noa::Json& args, std::chrono::milliseconds timeout,
             Done done);
    // Every item of a stream until it breaks off, which `ended` is told.
    void follow(std::string_view verb, const noa::Json& args, Item item,
                std::function<void()> ended);

private:
    class Call;
    void begin(const std::shared_ptr<Call>& call);

    static constexpr std::size_t most_calls = 64;

    boost::asio::io_context& io_;
    const std::string path_;
    std::vector<std::weak_ptr<Call>> calls_;
};

} // namespace console
