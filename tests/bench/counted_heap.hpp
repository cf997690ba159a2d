// The bytes that this program has allocated by operator new and not freed: linking
// counted_heap.cpp replaces the operators. And what is resident, as the kernel counts it.
#pragma once

#include <cstddef>

namespace netft::bench {

std::size_t heap_bytes();      // as malloc_usable_size() tells
std::size_t resident_bytes();  // /proc/self/statm

}  // namespace netft::bench
