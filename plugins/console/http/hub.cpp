#include "hub.hpp"

#include <charconv>
#include <chrono>
#include <vector>

#include <boost/asio/post.hpp>

namespace console::http {

namespace {

std::string new_epoch() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

} // namespace

Hub::Hub(Ground& ground) : ground_(ground), epoch_(new_epoch()) {}

// `data` is JSON: it has no line breaks.
void Hub::publish(Topic topic, std::string_view name, std::string_view data, Keep keep) {
    std::string text = "id: " + epoch_ + "-" + std::to_string(++number_) + "\n";
    if (!name.empty()) {
        text.append("event: ").append(name).append("\n");
    }
    text.append("data: ").append(data).append("\n\n");
    const Text shared = text_of(std::move(text));
    if (keep == Keep::last) {
        last_ = shared;
    } else if (keep == Keep::yes) {
        events_.push_back({number_, topic, shared});
        if (events_.size() > most_kept) {
            events_.pop_front();
        }
    }
    const bool idle = due_.empty();
    for (const auto& [stream, owner] : streams_) { // one that is cut off goes from it later
        if (stream->wants(topic)) {
            stream->send(shared);
            due_.push_back(owner);
        }
    }
    if (idle && !due_.empty()) {
        asio::post(ground_.io, [this] { pump_some(); });
    }
}

void Hub::pump_some() {
    for (std::size_t count = 0; count < pumped_at_once && !due_.empty(); ++count) {
        due_.back()->pump();
        due_.pop_back();
    }
    if (!due_.empty()) {
        asio::post(ground_.io, [this] { pump_some(); });
    }
}

std::uint64_t Hub::number_of(std::string_view id) const noexcept {
    if (id.size() <= epoch_.size() || !id.starts_with(epoch_) || id[epoch_.size()] != '-') {
        return number_;
    }
    std::uint64_t number = number_;
    const std::string_view digits = id.substr(epoch_.size() + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() ? number : number_;
}

std::shared_ptr<Stream> Hub::add(Socket socket, unsigned topics) {
    auto stream =
        std::make_shared<Stream>(ground_, std::move(socket), topics, [this](Stream& gone) {
            // What calls it may not have returned.
            asio::post(ground_.io, [this, &gone] {
                streams_.erase(&gone);
                count();
            });
        });
    streams_.emplace(stream.get(), stream);
    count();
    return stream;
}

void Hub::join(Socket socket, unsigned topics, std::string_view last_id) {
    const auto stream = add(std::move(socket), topics);
    stream->send(text_of("retry: 1000\n\n"));
    const std::uint64_t after = number_of(last_id);
    for (const Event& event : events_) {
        if (event.number > after && stream->wants(event.topic)) {
            stream->send(event.text);
        }
    }
    if (last_ && stream->wants(Topic::status)) {
        stream->send(last_);
    }
    stream->begin();
}

void Hub::adopt(Socket socket, unsigned topics) {
    add(std::move(socket), topics)->begin();
}

void Hub::talk(Socket socket, Upgrade request) {
    auto talk = std::make_shared<Talk>(ground_, std::move(socket), [this](Talk& gone) {
        asio::post(ground_.io, [this, &gone] {
            talks_.erase(&gone);
            count();
        });
    });
    talks_.emplace(talk.get(), talk);
    count();
    talk->begin(std::move(request));
}

void Hub::count() {
    ground_.tally.streams.set(static_cast<double>(size()));
}

void Hub::look() {
    for (const auto& [stream, owner] : streams_) {
        stream->look(heartbeat_);
    }
    for (const auto& [talk, owner] : talks_) {
        talk->look();
    }
}

void Hub::leave() {
    for (const auto& [stream, owner] : streams_) {
        stream->leave();
    }
    for (const auto& [talk, owner] : talks_) {
        talk->leave();
    }
}

void Hub::close() {
    for (const auto& [stream, owner] : streams_) {
        stream->close();
    }
    for (const auto& [talk, owner] : talks_) {
        talk->close();
    }
}

} // namespace console::http
