package com.acme.depot.parcels;

import java.time.Instant;

public record Parcel(String id, String addressee, Instant accepted) {
}
