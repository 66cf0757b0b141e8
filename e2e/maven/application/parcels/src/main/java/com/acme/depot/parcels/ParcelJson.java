package com.acme.depot.parcels;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

public final class ParcelJson {
    private static final Logger LOG = LoggerFactory.getLogger(ParcelJson.class);
    private final ObjectMapper mapper = new ObjectMapper()
            .registerModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS);

    public String write(Parcel parcel) throws JsonProcessingException {
        LOG.debug("writing {}", parcel.id());
        return mapper.writeValueAsString(parcel);
    }

    public Parcel read(String json) throws JsonProcessingException {
        return mapper.readValue(json, Parcel.class);
    }
}
