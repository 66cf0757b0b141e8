package com.acme.depot.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.client.TestRestTemplate;

@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class DepotApplicationTest {
    @Autowired
    private TestRestTemplate client;

    @Test
    void aParcelGetsItsLabel() {
        client.postForObject("/parcels/p1?addressee=ada", null, String.class);
        assertThat(client.getForObject("/parcels/p1/label", String.class)).startsWith("Ada / ");
    }
}
