package com.acme.depot.web;

import static org.hamcrest.Matchers.startsWith;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import com.acme.depot.parcels.Parcel;
import com.acme.depot.store.ParcelStore;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;

class ParcelControllerTest {
    @Test
    void aLabelIsServed() throws Exception {
        var store = mock(ParcelStore.class);
        when(store.find(any())).thenReturn(Optional.of(new Parcel("p1", "ada", Instant.EPOCH)));
        MockMvcBuilders.standaloneSetup(new ParcelController(store)).build()
                .perform(get("/parcels/p1/label"))
                .andExpect(status().isOk())
                .andExpect(content().string(startsWith("Ada / ")));
    }
}
