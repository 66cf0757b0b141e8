package com.acme.depot.parcels;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class ParcelJsonTest {
    @Test
    void whatIsWrittenCanBeRead() throws Exception {
        var parcel = new Parcel("p1", "Ada", Instant.parse("2026-01-01T12:00:00Z"));
        var json = new ParcelJson();
        assertThat(json.write(parcel)).contains("2026-01-01T12:00:00Z");
        assertThat(json.read(json.write(parcel))).isEqualTo(parcel);
    }
}
