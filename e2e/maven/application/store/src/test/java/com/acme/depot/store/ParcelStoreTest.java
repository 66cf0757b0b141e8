package com.acme.depot.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.acme.depot.parcels.Parcel;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class ParcelStoreTest {
    @Test
    void whatIsPutIsFound() {
        var store = new ParcelStore(JdbcClient.create(new DriverManagerDataSource("jdbc:h2:mem:test;DB_CLOSE_DELAY=-1")));
        var parcel = new Parcel("p1", "Ada", Instant.parse("2026-01-01T12:00:00Z"));
        store.put(parcel);
        assertThat(store.find("p1")).contains(parcel);
        assertThat(store.find("p2")).isEmpty();
    }
}
